#include "workers/client/text.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffdu
#define REPLACEMENT_UTF8 "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"

struct range {
	uint32_t first, last;
};

static const struct range zero_width[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf },
	{ 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 }, { 0x05c7, 0x05c7 }, { 0x0610, 0x061a },
	{ 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x06d6, 0x06dc }, { 0x06df, 0x06e4 },
	{ 0x06e7, 0x06e8 }, { 0x06ea, 0x06ed }, { 0x0900, 0x0902 }, { 0x093a, 0x093a },
	{ 0x093c, 0x093c }, { 0x0941, 0x0948 }, { 0x094d, 0x094d }, { 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x200b, 0x200d }, { 0x20d0, 0x20f0 }, { 0x302a, 0x302d }, { 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
	{ 0xe0100, 0xe01ef },
};

static const struct range two_wide[] = {
	{ 0x1100, 0x115f }, { 0x231a, 0x231b }, { 0x2329, 0x232a }, { 0x23e9, 0x23ec },
	{ 0x23f0, 0x23f0 }, { 0x23f3, 0x23f3 }, { 0x25fd, 0x25fe }, { 0x2614, 0x2615 },
	{ 0x2648, 0x2653 }, { 0x267f, 0x267f }, { 0x2693, 0x2693 }, { 0x26a1, 0x26a1 },
	{ 0x26aa, 0x26ab }, { 0x26bd, 0x26be }, { 0x26c4, 0x26c5 }, { 0x26ce, 0x26ce },
	{ 0x26d4, 0x26d4 }, { 0x26ea, 0x26ea }, { 0x26f2, 0x26f3 }, { 0x26f5, 0x26f5 },
	{ 0x26fa, 0x26fa }, { 0x26fd, 0x26fd }, { 0x2705, 0x2705 }, { 0x270a, 0x270b },
	{ 0x2728, 0x2728 }, { 0x274c, 0x274c }, { 0x274e, 0x274e }, { 0x2753, 0x2755 },
	{ 0x2757, 0x2757 }, { 0x2795, 0x2797 }, { 0x27b0, 0x27b0 }, { 0x27bf, 0x27bf },
	{ 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2b55, 0x2b55 }, { 0x2e80, 0x303e },
	{ 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0xa4cf }, { 0xa960, 0xa97c },
	{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe10, 0xfe19 }, { 0xfe30, 0xfe6b },
	{ 0xff01, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff }, { 0x1aff0, 0x1b2fb },
	{ 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e }, { 0x1f191, 0x1f19a },
	{ 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f335 }, { 0x1f337, 0x1f37c }, { 0x1f37e, 0x1f393 },
	{ 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 }, { 0x1f3e0, 0x1f3f0 }, { 0x1f3f4, 0x1f3f4 },
	{ 0x1f3f8, 0x1f43e }, { 0x1f440, 0x1f440 }, { 0x1f442, 0x1f4fc }, { 0x1f4ff, 0x1f53d },
	{ 0x1f54b, 0x1f54e }, { 0x1f550, 0x1f567 }, { 0x1f57a, 0x1f57a }, { 0x1f595, 0x1f596 },
	{ 0x1f5a4, 0x1f5a4 }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 }, { 0x1f6cc, 0x1f6cc },
	{ 0x1f6d0, 0x1f6d2 }, { 0x1f6d5, 0x1f6d7 }, { 0x1f6dc, 0x1f6df }, { 0x1f6eb, 0x1f6ec },
	{ 0x1f6f4, 0x1f6fc }, { 0x1f7e0, 0x1f7eb }, { 0x1f7f0, 0x1f7f0 }, { 0x1f90c, 0x1f93a },
	{ 0x1f93c, 0x1f945 }, { 0x1f947, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x2fffd },
	{ 0x30000, 0x3fffd },
};

static const struct range directional[] = {
	{ 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static bool
in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else if (code < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

static size_t
sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

static bool
code_allowed(uint32_t code, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return code >= least[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

size_t
utf8_decode(const char *at, size_t len, uint32_t *ret_code)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t length = len ? sequence_length((unsigned char)at[0]) : 0;
	uint32_t code;

	*ret_code = REPLACEMENT;
	if (length == 0 || length > len)
		return len ? 1 : 0;
	code = (unsigned char)at[0] & lead_bits[length];
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	}
	if (!code_allowed(code, length))
		return 1;
	*ret_code = code;
	return length;
}

bool
utf8_valid(const char *at, size_t len)
{
	uint32_t code;

	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_decode(at + i, len - i, &code);
		if (code == REPLACEMENT && step == 1)
			return false;
	}
	return true;
}

unsigned
code_width(uint32_t code)
{
	if (in_ranges(zero_width, LENGTH(zero_width), code))
		return 0;
	return in_ranges(two_wide, LENGTH(two_wide), code) ? 2 : 1;
}

size_t
text_width(const char *text)
{
	size_t len = strlen(text), width = 0;
	uint32_t code;

	for (size_t i = 0; i < len;) {
		i += utf8_decode(text + i, len - i, &code);
		width += code_width(code);
	}
	return width;
}

bool
text_obeyed(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	    in_ranges(directional, LENGTH(directional), code);
}

char *
text_clean(const char *at, size_t len, enum text_lines lines)
{
	char *clean = malloc(3 * len + 1), *out = clean;
	uint32_t code;

	if (clean == NULL)
		return NULL;
	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_decode(at + i, len - i, &code);
		if (code == '\t' || (code == '\n' && lines == TEXT_ONE_LINE)) {
			*out++ = ' ';
		} else if ((text_obeyed(code) && code != '\n') || code == REPLACEMENT) {
			memcpy(out, REPLACEMENT_UTF8, 3);
			out += 3;
		} else {
			memcpy(out, at + i, step);
			out += step;
		}
	}
	*out = '\0';
	return clean;
}

/* The bytes at the start of `text` that take at most `width` columns. */
static size_t
prefix_bytes(const char *text, size_t len, size_t width)
{
	size_t at = 0, used = 0;
	uint32_t code;

	while (at < len) {
		size_t step = utf8_decode(text + at, len - at, &code);

		if (used + code_width(code) > width)
			break;
		used += code_width(code);
		at += step;
	}
	return at;
}

/* Where the end of `text` that takes at most `width` columns begins; it never begins with a
 * combining mark. */
static size_t
suffix_offset(const char *text, size_t len, size_t width)
{
	size_t at = 0, left = text_width(text);
	uint32_t code;

	while (at < len) {
		size_t step = utf8_decode(text + at, len - at, &code);

		if (left <= width && code_width(code) > 0)
			break;
		left -= code_width(code);
		at += step;
	}
	return at;
}

char *
text_cut(const char *text, size_t width, enum text_side side)
{
	size_t len = strlen(text), kept;
	char *cut;

	if (width == 0)
		return strdup("");
	if (text_width(text) <= width)
		return strdup(text);
	kept = side == TEXT_CUT_END ? prefix_bytes(text, len, width - 1)
	    : len - suffix_offset(text, len, width - 1);
	cut = malloc(kept + sizeof(ELLIPSIS));
	if (cut == NULL)
		return NULL;
	if (side == TEXT_CUT_END) {
		memcpy(cut, text, kept);
		memcpy(cut + kept, ELLIPSIS, sizeof(ELLIPSIS));
	} else {
		memcpy(cut, ELLIPSIS, sizeof(ELLIPSIS) - 1);
		memcpy(cut + sizeof(ELLIPSIS) - 1, text + len - kept, kept + 1);
	}
	return cut;
}
