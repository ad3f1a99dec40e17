#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/runtime/json.h"

#define TEXT(s) s, sizeof(s) - 1
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct json_limits limits = { 16, 200 };
static const char key_twice[] = "a key of the top-level object is there twice";

struct text_case {
	const char *text;
	size_t len;
	const char *reason;
};

static const struct text_case valid[] = {
	{ TEXT("null"), "a bare literal is a text" },
	{ TEXT("true"), "literal" },
	{ TEXT("false"), "literal" },
	{ TEXT(" \t\r\nnull\n\r\t "), "all four white spaces on both sides" },
	{ TEXT("0"), "zero" },
	{ TEXT("-0"), "minus zero" },
	{ TEXT("-0.0"), "minus zero with fraction" },
	{ TEXT("1"), "one digit at the end of the text" },
	{ TEXT("-1"), "minus" },
	{ TEXT("1234567890"), "digits" },
	{ TEXT("9007199254740993"), "above 2^53" },
	{ TEXT("123456789012345678901234567890"), "above 64 bits" },
	{ TEXT("0.5"), "fraction after zero" },
	{ TEXT("10.25"), "fraction" },
	{ TEXT("0e0"), "zero with exponent" },
	{ TEXT("0e+1"), "plus in the exponent" },
	{ TEXT("0E-1"), "capital E, minus" },
	{ TEXT("1e5"), "exponent" },
	{ TEXT("1.5e+05"), "leading zero in the exponent" },
	{ TEXT("123.456e78"), "everything" },
	{ TEXT("1e400"), "beyond a double: the grammar has no range" },
	{ TEXT("-1e-400"), "below a double" },
	{ TEXT("0.00000000000000000000000000000000000000000000000000000000000000000000000001"),
	    "longer than cJSON's buffer" },
	{ TEXT("\"\""), "empty string" },
	{ TEXT("\"a\""), "string" },
	{ TEXT("\" \""), "blank" },
	{ TEXT("\"\x7f\""), "DEL needs no escape" },
	{ TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "every short escape" },
	{ TEXT("\"\\u0001\""), "escaped control character" },
	{ TEXT("\"\\u0041\\u00e9\\u20AC\""), "escapes of one, two and three bytes" },
	{ TEXT("\"\\ud83d\\ude00\""), "surrogate pair" },
	{ TEXT("\"\\uDBFF\\uDFFF\""), "last surrogate pair" },
	{ TEXT("\"\\ud800\\udc00\""), "first surrogate pair" },
	{ TEXT("\"\\ufffe\\uffff\""), "noncharacters are code points" },
	{ TEXT("\"\\u2028\\u2029\""), "line separators, escaped" },
	{ TEXT("\"\xe2\x80\xa8\xe2\x80\xa9\""), "line separators, raw" },
	{ TEXT("\"\xc2\x80\""), "first two-byte sequence" },
	{ TEXT("\"\xdf\xbf\""), "last two-byte sequence" },
	{ TEXT("\"\xe0\xa0\x80\""), "first three-byte sequence" },
	{ TEXT("\"\xed\x9f\xbf\""), "last before the surrogates" },
	{ TEXT("\"\xee\x80\x80\""), "first after the surrogates" },
	{ TEXT("\"\xef\xbf\xbf\""), "last three-byte sequence" },
	{ TEXT("\"\xf0\x90\x80\x80\""), "first four-byte sequence" },
	{ TEXT("\"\xf4\x8f\xbf\xbf\""), "last code point" },
	{ TEXT("\"\xef\xbb\xbf\""), "U+FEFF inside a string is a character" },
	{ TEXT("\"a/* b */ # c\""), "comments in a string are text" },
	{ TEXT("\"new\\u000Aline\""), "capital digit" },
	{ TEXT("\"0123456 89\\\"abcdef\""), "escape in the second word of eight" },
	{ TEXT("[]"), "empty array" },
	{ TEXT("[ ]"), "blank in an empty array" },
	{ TEXT("[1]"), "array" },
	{ TEXT("[1,2,3]"), "commas" },
	{ TEXT("[ 1 ,\n2 ]"), "white space around the comma" },
	{ TEXT("[null,true,false,\"\",0,[],{}]"), "one of each" },
	{ TEXT("[[[[]]]]"), "nested" },
	{ TEXT("[[],[[]],{}]"), "siblings" },
	{ TEXT("{}"), "empty object" },
	{ TEXT("{ }"), "blank in an empty object" },
	{ TEXT("{\"a\":1}"), "object" },
	{ TEXT("{\"\":0}"), "empty key" },
	{ TEXT("{ \"a\" : 1 , \"b\" : 2 }"), "white space everywhere" },
	{ TEXT("{\"a\":{\"a\":{\"a\":1}}}"), "the same key on each level" },
	{ TEXT("{\"a\":1,\"A\":2}"), "case tells keys apart" },
	{ TEXT("{\"a\":1,\"a\\t\":2}"), "a prefix is another key" },
	{ TEXT("{\"\\u0061b\":1,\"a\":2}"), "an escaped key with a plain prefix" },
	{ TEXT("{\"x\":{\"a\":1,\"a\":2}}"), "keys below the top are not compared" },
	{ TEXT("[{\"a\":1,\"a\":2}]"), "the top is no object" },
	{ TEXT("{\"\\ud83d\\ude00\":1,\"\\ud83d\\ude01\":2}"),
	    "pairs that differ in the last byte" },
	{ TEXT("{\"a\\u0062\":[1e1,{\"c\":\"\\n\"}]}"), "a bit of everything" },
	{ TEXT("        [                 1,                  2                ]          "),
	    "runs of blanks" },
};

static const struct text_case invalid[] = {
	{ TEXT(""), "no value" },
	{ TEXT(" "), "white space alone" },
	{ TEXT("\0"), "NUL" },
	{ TEXT("null\0"), "NUL after the value" },
	{ TEXT("\xef\xbb\xbfnull"), "byte order mark" },
	{ TEXT("\xff\xfe\x6e\x00"), "UTF-16" },
	{ TEXT("\x0cnull"), "form feed is no white space" },
	{ TEXT("\x0bnull"), "vertical tab is no white space" },
	{ TEXT("\xc2\xa0null"), "no-break space is no white space" },
	{ TEXT("nul"), "cut literal" },
	{ TEXT("nulll"), "long literal" },
	{ TEXT("NULL"), "capital literal" },
	{ TEXT("True"), "Python's literal" },
	{ TEXT("tru"), "cut literal" },
	{ TEXT("fals"), "cut literal" },
	{ TEXT("falsy"), "another literal" },
	{ TEXT("none"), "another word" },
	{ TEXT("undefined"), "JavaScript's literal" },
	{ TEXT("NaN"), "not a number" },
	{ TEXT("-NaN"), "minus not a number" },
	{ TEXT("Infinity"), "infinity" },
	{ TEXT("-Infinity"), "minus infinity" },
	{ TEXT("nullnull"), "two values" },
	{ TEXT("1 2"), "two values" },
	{ TEXT("{}{}"), "two objects" },
	{ TEXT("[]]"), "one bracket too many" },
	{ TEXT("{}}"), "one brace too many" },
	{ TEXT("{},"), "comma at the end" },
	{ TEXT(",1"), "comma at the start" },
	{ TEXT("// x\n1"), "comment" },
	{ TEXT("1 /* x */"), "comment" },
	{ TEXT("1 # x"), "comment" },
	/* numbers */
	{ TEXT("01"), "leading zero" },
	{ TEXT("00"), "two zeros" },
	{ TEXT("-01"), "leading zero after minus" },
	{ TEXT("-"), "minus alone" },
	{ TEXT("--1"), "two signs" },
	{ TEXT("+1"), "plus" },
	{ TEXT("- 1"), "blank after minus" },
	{ TEXT(".5"), "no digit before the point" },
	{ TEXT("-.5"), "no digit before the point" },
	{ TEXT("1."), "no digit after the point" },
	{ TEXT("1.e1"), "no digit after the point" },
	{ TEXT("1.2.3"), "two points" },
	{ TEXT("1..2"), "two points" },
	{ TEXT("1e"), "no exponent" },
	{ TEXT("1e+"), "no digit in the exponent" },
	{ TEXT("1e-"), "no digit in the exponent" },
	{ TEXT("1e1.5"), "fraction in the exponent" },
	{ TEXT("1ee1"), "two exponents" },
	{ TEXT("1e++1"), "two signs in the exponent" },
	{ TEXT("e1"), "exponent alone" },
	{ TEXT("0x10"), "hexadecimal" },
	{ TEXT("0b1"), "binary" },
	{ TEXT("0o7"), "octal" },
	{ TEXT("1_000"), "underscore" },
	{ TEXT("1,000"), "thousands" },
	{ TEXT("1L"), "suffix" },
	{ TEXT("1f"), "suffix" },
	{ TEXT("\xef\xbc\x91"), "full-width digit" },
	{ TEXT("[1 000]"), "blank in a number" },
	{ TEXT("[-]"), "minus alone in an array" },
	{ TEXT("[1.]"), "point before a bracket" },
	/* strings */
	{ TEXT("\""), "not closed" },
	{ TEXT("\"a"), "not closed" },
	{ TEXT("\"0123456789abcdef"), "not closed after whole words" },
	{ TEXT("\"a\\\""), "closing quote escaped" },
	{ TEXT("\"\\"), "cut in an escape" },
	{ TEXT("'a'"), "single quotes" },
	{ TEXT("a"), "no quotes" },
	{ TEXT("\"a\"b\""), "quote inside" },
	{ TEXT("\"\n\""), "raw line feed" },
	{ TEXT("\"\t\""), "raw tab" },
	{ TEXT("\"\x1f\""), "raw control character" },
	{ TEXT("\"\0\""), "raw NUL" },
	{ TEXT("\"01234567\x01 0123456\""), "control character in a word of eight" },
	{ TEXT("\"\\0\""), "octal escape" },
	{ TEXT("\"\\x41\""), "hexadecimal escape" },
	{ TEXT("\"\\a\""), "unknown escape" },
	{ TEXT("\"\\'\""), "unknown escape" },
	{ TEXT("\"\\\n\""), "escaped line feed" },
	{ TEXT("\"\\\0\""), "escaped NUL" },
	{ TEXT("\"\\U0041\""), "capital U" },
	{ TEXT("\"\\u\""), "no digits" },
	{ TEXT("\"\\u00\""), "two digits" },
	{ TEXT("\"\\u004\""), "three digits" },
	{ TEXT("\"\\u004g\""), "a digit that is none" },
	{ TEXT("\"\\u 041\""), "blank as digit" },
	{ TEXT("\"\\u-041\""), "sign as digit" },
	{ TEXT("\"\\u0x4\""), "prefix as digit" },
	{ TEXT("\"\\u004@\""), "the character before A" },
	{ TEXT("\"\\u004"), "cut in the digits" },
	{ TEXT("\"\\u0000\""), "NUL would cut a C string" },
	{ TEXT("\"a\\u0000b\""), "NUL inside" },
	{ TEXT("\"\\ud800\""), "high surrogate alone" },
	{ TEXT("\"\\udc00\""), "low surrogate alone" },
	{ TEXT("\"\\udfff\\ud800\""), "pair the wrong way round" },
	{ TEXT("\"\\ud800\\ud800\""), "two high ones" },
	{ TEXT("\"\\ud800a\""), "high one before a letter" },
	{ TEXT("\"\\ud800\\n\""), "high one before another escape" },
	{ TEXT("\"\\ud800\\u0041\""), "high one before a code point" },
	{ TEXT("\"\\ud800\\u\""), "high one before a broken escape" },
	{ TEXT("\"\\ud800\\udc0"), "cut in the second half" },
	{ TEXT("\"\\uD83D\xf0\x9f\x98\x80\""), "high one before a raw character" },
	/* UTF-8 */
	{ TEXT("\"\x80\""), "continuation alone" },
	{ TEXT("\"\xbf\""), "continuation alone" },
	{ TEXT("\"\xc0\xaf\""), "overlong slash" },
	{ TEXT("\"\xc0\x80\""), "overlong NUL" },
	{ TEXT("\"\xc1\xbf\""), "overlong DEL" },
	{ TEXT("\"\xe0\x80\xaf\""), "overlong, three bytes" },
	{ TEXT("\"\xe0\x9f\xbf\""), "last overlong, three bytes" },
	{ TEXT("\"\xf0\x80\x80\xaf\""), "overlong, four bytes" },
	{ TEXT("\"\xf0\x8f\xbf\xbf\""), "last overlong, four bytes" },
	{ TEXT("\"\xed\xa0\x80\""), "surrogate in UTF-8" },
	{ TEXT("\"\xed\xbf\xbf\""), "surrogate in UTF-8" },
	{ TEXT("\"\xed\xa0\xbd\xed\xb8\x80\""), "CESU-8" },
	{ TEXT("\"\xf4\x90\x80\x80\""), "above U+10FFFF" },
	{ TEXT("\"\xf5\x80\x80\x80\""), "above U+10FFFF" },
	{ TEXT("\"\xf8\x88\x80\x80\x80\""), "five bytes" },
	{ TEXT("\"\xfe\""), "never in UTF-8" },
	{ TEXT("\"\xff\""), "never in UTF-8" },
	{ TEXT("\"\xc2\""), "cut before the quote" },
	{ TEXT("\"\xe2\x82\""), "cut before the quote" },
	{ TEXT("\"\xf0\x9f\x98\""), "cut before the quote" },
	{ TEXT("\"\xe2\x82"), "cut at the end" },
	{ TEXT("\"\xf0\x9f\x98"), "cut at the end" },
	{ TEXT("\"\xc3\x28\""), "second byte is ASCII" },
	{ TEXT("\"\xe9\""), "Latin-1" },
	{ TEXT("{\"\xe9\":1}"), "Latin-1 in a key" },
	{ TEXT("[\xe2\x82\xac]"), "text outside a string" },
	/* arrays */
	{ TEXT("["), "not closed" },
	{ TEXT("[1"), "not closed" },
	{ TEXT("[1,"), "not closed after a comma" },
	{ TEXT("[\"a"), "not closed in a string" },
	{ TEXT("]"), "not opened" },
	{ TEXT("[1,]"), "comma before the bracket" },
	{ TEXT("[,1]"), "comma after the bracket" },
	{ TEXT("[,]"), "comma alone" },
	{ TEXT("[1,,2]"), "two commas" },
	{ TEXT("[1 2]"), "no comma" },
	{ TEXT("[\"a\" \"b\"]"), "no comma" },
	{ TEXT("[1;2]"), "semicolon" },
	{ TEXT("[1:2]"), "colon" },
	{ TEXT("[1}"), "closed as an object" },
	{ TEXT("[}"), "closed as an object" },
	{ TEXT("[\"a\":1]"), "member in an array" },
	{ TEXT("[][]"), "two arrays" },
	{ TEXT("[1]x"), "letter after it" },
	{ TEXT("[1\0]"), "NUL between tokens" },
	{ TEXT("(1)"), "round brackets" },
	/* objects */
	{ TEXT("{"), "not closed" },
	{ TEXT("}"), "not opened" },
	{ TEXT("{\"a\""), "no colon" },
	{ TEXT("{\"a\":"), "no value" },
	{ TEXT("{\"a\":1"), "not closed" },
	{ TEXT("{\"a\":1,"), "not closed after a comma" },
	{ TEXT("{\"a\"}"), "key alone" },
	{ TEXT("{\"a\":}"), "no value" },
	{ TEXT("{:1}"), "no key" },
	{ TEXT("{a:1}"), "key without quotes" },
	{ TEXT("{'a':1}"), "key in single quotes" },
	{ TEXT("{1:1}"), "number as key" },
	{ TEXT("{null:1}"), "literal as key" },
	{ TEXT("{[]:1}"), "array as key" },
	{ TEXT("{\"a\" 1}"), "no colon" },
	{ TEXT("{\"a\"::1}"), "two colons" },
	{ TEXT("{\"a\",1}"), "comma for colon" },
	{ TEXT("{\"a\"=1}"), "equals for colon" },
	{ TEXT("{\"a\":1,}"), "comma before the brace" },
	{ TEXT("{,\"a\":1}"), "comma after the brace" },
	{ TEXT("{\"a\":1,,\"b\":2}"), "two commas" },
	{ TEXT("{\"a\":1 \"b\":2}"), "no comma" },
	{ TEXT("{\"a\":1]"), "closed as an array" },
	{ TEXT("{]"), "closed as an array" },
	{ TEXT("{\"a\":1}}"), "closed twice" },
	{ TEXT("{\"a\\u0000\":1}"), "NUL in a key" },
	{ TEXT("{\"a\":1 2}"), "two values" },
	{ TEXT("{\"a\":1}#"), "comment at the end" },
	{ TEXT("{...}"), "dots" },
	{ TEXT("{\"a\":1,\"a\":1}"), "key twice" },
	{ TEXT("{\"a\":1,\"b\":2,\"a\":3}"), "key twice, another between" },
	{ TEXT("{\"a\":1,\"\\u0061\":2}"), "key twice, one escaped" },
	{ TEXT("{\"\\u006a\":1,\"\\u006A\":2}"), "key twice, both escaped" },
	{ TEXT("{\"\":1,\"\":2}"), "empty key twice" },
	{ TEXT("{\"/\":1,\"\\/\":2}"), "key twice, escaped slash" },
	{ TEXT("{\"\\n\":1,\"\\u000a\":2}"), "key twice, two escapes" },
	{ TEXT("{\"\xc3\xa9\":1,\"\\u00e9\":2}"), "key twice, two bytes and escape" },
	{ TEXT("{\"\xe2\x82\xac\":1,\"\\u20ac\":2}"), "key twice, three bytes and escape" },
	{ TEXT("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"), "key twice, four bytes and pair" },
};

/* A copy of exactly that size, so that a sanitizer sees the first byte read past it. */
static char *
exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

static void
valid_texts_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		char *text = exact_copy(valid[i].text, valid[i].len);
		const char *why = "";
		cJSON *json = NULL;

		if (json_scan(text, valid[i].len, &limits, NULL, &why) != OK)
			fail_msg("%s: refused: %s: %s", valid[i].reason, why, valid[i].text);
		assert_int_equal(json_parse(text, valid[i].len, &limits, &json), OK);
		assert_non_null(json);
		cJSON_Delete(json);
		free(text);
	}
}

static void
invalid_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		char *text = exact_copy(invalid[i].text, invalid[i].len);
		const char *why = NULL;
		size_t offset = SIZE_MAX;
		cJSON *json = NULL;

		if (json_scan(text, invalid[i].len, &limits, &offset, &why) != ERR_MALFORMED)
			fail_msg("%s: not refused: %s", invalid[i].reason, invalid[i].text);
		assert_true(offset <= invalid[i].len);
		assert_non_null(why);
		assert_int_equal(json_parse(text, invalid[i].len, &limits, &json), ERR_MALFORMED);
		assert_null(json);
		free(text);
	}
}

/* Every beginning of a container or string is refused: nothing is read past the end. */
static void
cut_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		char first = valid[i].text[strspn(valid[i].text, " ")];
		size_t last = valid[i].len;

		if (strchr("[{\"", first) == NULL)
			continue;
		while (valid[i].text[last - 1] == ' ')
			last--;
		for (size_t len = 0; len < last; len++) {
			char *text = exact_copy(valid[i].text, len);
			assert_int_equal(json_scan(text, len, &limits, NULL, NULL), ERR_MALFORMED);
			free(text);
		}
	}
}

static void
failures_say_where(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *why;
	} cases[] = {
		{ "", 0, "a value is expected" },
		{ "[1,]", 3, "a value is expected" },
		{ "[1 2]", 3, "',' or ']' is expected" },
		{ "{\"a\":1 x", 7, "',' or '}' is expected" },
		{ "{\"a\" 1}", 5, "':' is expected" },
		{ "{a:1}", 1, "a key in quotes is expected" },
		{ "01", 1, "a number must not begin with 0" },
		{ "1.", 2, "a digit is expected" },
		{ "\"ab\\q\"", 3, "there is no such escape" },
		{ "\"a\x01\"", 2, "a control character must be escaped" },
		{ "\"abc", 4, "a string is not closed" },
		{ "\"\xff\"", 1, "a string is not valid UTF-8" },
		{ "\"\\u0000\"", 1, "\\u0000 is not accepted" },
		{ "null x", 5, "nothing may follow the value" },
		{ "{\"a\":1,\"b\":2,\"\\u0061\":3}", 14, key_twice },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t offset = SIZE_MAX;
		const char *why = NULL;
		size_t len = strlen(cases[i].text);

		assert_int_equal(json_scan(cases[i].text, len, &limits, &offset, &why),
		    ERR_MALFORMED);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(offset, cases[i].offset);
	}
}

/* ---- limits ---- */

static void
nest(char *buf, unsigned depth)
{
	memset(buf, '[', depth);
	memset(buf + depth, ']', depth);
}

static void
depth_is_bounded(void **state)
{
	static const struct {
		unsigned limit, depth;
		enum err expected;
	} cases[] = {
		{ 0, 1, ERR_TOO_LARGE },
		{ 1, 1, OK },
		{ 1, 2, ERR_TOO_LARGE },
		{ 64, 64, OK },
		{ 64, 65, ERR_TOO_LARGE },
		{ 1000, 1000, OK },
		{ 100000, 1000, OK },
		{ 100000, 1001, ERR_TOO_LARGE },       /* cJSON's own limit stands */
		{ 100000, 100000, ERR_TOO_LARGE },
	};
	char *buf = malloc(200000);

	(void)state;
	assert_non_null(buf);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_limits l = { cases[i].limit, 1000000 };
		size_t len = 2 * cases[i].depth;
		cJSON *json = NULL;

		nest(buf, cases[i].depth);
		assert_int_equal(json_scan(buf, len, &l, NULL, NULL), cases[i].expected);
		assert_int_equal(json_parse(buf, len, &l, &json), cases[i].expected);
		cJSON_Delete(json);
	}
	memset(buf, '[', 100000);           /* and never closed */
	assert_int_equal(json_scan(buf, 100000, &(struct json_limits){ 64, 1000000 }, NULL, NULL),
	    ERR_TOO_LARGE);
	free(buf);
}

static void
nodes_are_bounded(void **state)
{
	static const struct {
		const char *text;
		unsigned nodes;
	} cases[] = {
		{ "1", 1 },
		{ "[]", 1 },
		{ "[1,2,3]", 4 },
		{ "{\"a\":1,\"b\":[]}", 3 },       /* keys are not counted */
		{ "[[],{},\"\",null]", 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		struct json_limits enough = { 8, cases[i].nodes }, few = { 8, cases[i].nodes - 1 };

		assert_int_equal(json_scan(cases[i].text, len, &enough, NULL, NULL), OK);
		assert_int_equal(json_scan(cases[i].text, len, &few, NULL, NULL), ERR_TOO_LARGE);
	}
}

/* {"k0":0,...}, and the last key again when `twice`. */
static size_t
many_keys(char *buf, size_t size, unsigned count, bool twice)
{
	size_t len = 0;

	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s\"k%u\":0", i > 0 ? "," : "{", i);
	if (twice)
		len += (size_t)snprintf(buf + len, size - len, ",\"\\u006b%u\":0", count - 1);
	return len + (size_t)snprintf(buf + len, size - len, "}");
}

static void
many_keys_are_compared(void **state)
{
	static const unsigned counts[] = { 1, 31, 32, 33, 63, 64, 65, 20000 };
	const struct json_limits l = { 2, 100000 };
	size_t size = 400000, offset = 0;
	char *buf = malloc(size);

	(void)state;
	assert_non_null(buf);
	for (size_t i = 0; i < COUNT(counts); i++) {
		size_t len = many_keys(buf, size, counts[i], false);
		assert_int_equal(json_scan(buf, len, &l, NULL, NULL), OK);
		len = many_keys(buf, size, counts[i], true);
		assert_int_equal(json_scan(buf, len, &l, &offset, NULL), ERR_MALFORMED);
		assert_memory_equal(buf + offset, "\\u006b", 6);
	}
	free(buf);
}

/* ---- members and elements ---- */

static void
members_are_found(void **state)
{
	static const char text[] = " { \"id\" : 12345678901234567890 , "
	    "\"m\\u0065thod\":\"a\\\"}b\","
	    "\"params\":{\"id\":1,\"x\":[{\"}\":\"]\"}]}, \"\":null,\"\\ud83d\\ude00\":1.50,"
	    "\"\\\\u0061\":[ ],\"last\":-0 } ";
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "id", "12345678901234567890" },
		{ "method", "\"a\\\"}b\"" },
		{ "params", "{\"id\":1,\"x\":[{\"}\":\"]\"}]}" },
		{ "", "null" },
		{ "\xf0\x9f\x98\x80", "1.50" },
		{ "\\u0061", "[ ]" },
		{ "last", "-0" },
		{ "x", NULL },
		{ "ID", NULL },
		{ "a", NULL },
		{ "lastly", NULL },
		{ "las", NULL },
		{ "m\\u0065thod", NULL },
	};

	(void)state;
	assert_int_equal(json_scan(text, sizeof(text) - 1, &limits, NULL, NULL), OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_span s = json_member(text, sizeof(text) - 1, cases[i].key);

		if (cases[i].value == NULL) {
			assert_null(s.at);
			continue;
		}
		assert_non_null(s.at);
		assert_int_equal(s.len, strlen(cases[i].value));
		assert_memory_equal(s.at, cases[i].value, s.len);
	}
}

static void
other_values_have_no_members(void **state)
{
	static const char *const texts[] =
	    { "[\"a\",1]", "\"a\"", "1", "null", "{}", " { } ", "[]" };
	struct json_span key, value;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t cursor = 0;

		assert_null(json_member(texts[i], strlen(texts[i]), "a").at);
		assert_false(json_next_member(texts[i], strlen(texts[i]), &cursor, &key, &value));
		assert_int_equal(cursor, 0);
	}
	for (size_t i = 1; i < COUNT(texts); i++) {
		size_t cursor = 0;
		assert_false(json_next_element(texts[i], strlen(texts[i]), &cursor, &value));
	}
}

static void
elements_are_walked(void **state)
{
	static const char text[] = " [ 1 ,\"a,]\", [2,[3]] ,{\"b\":[4]},true,-5e-1 ] ";
	static const char *const expected[] =
	    { "1", "\"a,]\"", "[2,[3]]", "{\"b\":[4]}", "true", "-5e-1" };
	struct json_span value;
	size_t cursor = 0, n = 0;

	(void)state;
	while (json_next_element(text, sizeof(text) - 1, &cursor, &value)) {
		assert_true(n < COUNT(expected));
		assert_int_equal(value.len, strlen(expected[n]));
		assert_memory_equal(value.at, expected[n], value.len);
		n++;
	}
	assert_int_equal(n, COUNT(expected));
}

/* ---- mutations ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64*: the same texts each time. */
static unsigned
random_below(unsigned bound)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * 0x2545f4914f6cdd1du >> 33) % bound);
}

static const char mutation_bytes[] = "\"\\{}[]:,0123456789.eE+-truefalsn \n\t\x01\x7f\x80\xbf\xc3"
    "\xa9\xe2\x82\xac\xed\xa0\xf0\x9f\x98\xf4\xff" "u00dc/b";

/* Replaces, inserts, removes or copies a few bytes. Returns the new length. */
static size_t
mutate(char *buf, size_t len, size_t size)
{
	for (unsigned edits = 1 + random_below(3); edits > 0 && len > 0; edits--) {
		size_t at = random_below((unsigned)len);
		char byte = mutation_bytes[random_below(sizeof(mutation_bytes) - 1)];

		switch (random_below(4)) {
		case 0:
			buf[at] = byte;
			break;
		case 1:
			memmove(buf + at, buf + at + 1, --len - at);
			break;
		default:
			if (len == size)
				break;
			memmove(buf + at + 1, buf + at, len++ - at);
			if (random_below(2) == 0)
				buf[at] = byte;
			break;
		}
	}
	return len;
}

/* What the walkers find is what cJSON found. */
static void
check_walk(const char *text, size_t len, const cJSON *json)
{
	struct json_span key, value;
	const char *why = "";
	size_t cursor = 0;

	for (const cJSON *child = json->child; child != NULL; child = child->next) {
		if (cJSON_IsObject(json)) {
			assert_true(json_next_member(text, len, &cursor, &key, &value));
			assert_ptr_equal(json_member(text, len, child->string).at, value.at);
		} else {
			assert_true(json_next_element(text, len, &cursor, &value));
		}
		if (json_scan(value.at, value.len, &limits, NULL, &why) != OK)
			assert_string_equal(why, key_twice);   /* allowed below the top only */
		assert_true(cJSON_IsString(child) == (*value.at == '"'));
		assert_true(cJSON_IsArray(child) == (*value.at == '['));
	}
	assert_false(json_next_member(text, len, &cursor, &key, &value));
	assert_false(json_next_element(text, len, &cursor, &value));
}

/* Through msgpack and back, twice: the second time changes nothing. */
static void
check_round_trip(const cJSON *json)
{
	struct value_writer w;
	cJSON *again = NULL;
	char *first, *second;

	value_writer_init(&w);
	assert_int_equal(json_to_value(json, &w), OK);
	first = json_from_value(value_done(&w));
	value_writer_fini(&w);
	assert_non_null(first);
	assert_int_equal(json_parse(first, strlen(first), &limits, &again), OK);

	value_writer_init(&w);
	assert_int_equal(json_to_value(again, &w), OK);
	second = json_from_value(value_done(&w));
	value_writer_fini(&w);
	assert_non_null(second);
	assert_string_equal(first, second);
	cJSON_Delete(again);
	free(first);
	free(second);
}

static void
what_passes_is_parsed_and_walked(void **state)
{
	unsigned accepted = 0, refused = 0;
	char buf[160];

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		const struct text_case *seed = &valid[random_below(COUNT(valid))];
		size_t len = seed->len, offset = SIZE_MAX;
		const char *why = NULL;
		cJSON *json = NULL;
		char *text;

		memcpy(buf, seed->text, len);
		len = mutate(buf, len, sizeof(buf));
		text = exact_copy(buf, len);
		if (json_scan(text, len, &limits, &offset, &why) == OK) {
			accepted++;
			assert_int_equal(json_parse(text, len, &limits, &json), OK);
			check_walk(text, len, json);
			check_round_trip(json);
			cJSON_Delete(json);
		} else {
			refused++;
			assert_true(offset <= len);
			assert_non_null(why);
		}
		free(text);
	}
	assert_true(accepted > 5000);
	assert_true(refused > 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_texts_pass),
		cmocka_unit_test(invalid_texts_are_refused),
		cmocka_unit_test(cut_texts_are_refused),
		cmocka_unit_test(failures_say_where),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(nodes_are_bounded),
		cmocka_unit_test(many_keys_are_compared),
		cmocka_unit_test(members_are_found),
		cmocka_unit_test(other_values_have_no_members),
		cmocka_unit_test(elements_are_walked),
		cmocka_unit_test(what_passes_is_parsed_and_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
