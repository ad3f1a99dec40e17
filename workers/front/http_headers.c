#include "workers/front/http_headers.h"

#include <string.h>
#include <strings.h>

#include "protocol/limits.h"

static const char *const names[HTTP_HEADER_COUNT] = {
	[HTTP_HOST] = "host",
	[HTTP_ORIGIN] = "origin",
	[HTTP_CONTENT_TYPE] = "content-type",
	[HTTP_CONTENT_ENCODING] = "content-encoding",
	[HTTP_CONTENT_LENGTH] = "content-length",
	[HTTP_TRANSFER_ENCODING] = "transfer-encoding",
	[HTTP_EXPECT] = "expect",
	[HTTP_MCP_VERSION] = "mcp-protocol-version",
	[HTTP_MCP_METHOD] = "mcp-method",
	[HTTP_MCP_NAME] = "mcp-name",
};

/* ---- text ---- */

static bool
is(struct text s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static struct text
trim(struct text s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Cuts what stands before `separator`, or all, from the front of *rest. */
static struct text
cut(struct text *rest, char separator)
{
	const char *end;
	struct text piece = *rest;
	size_t gone = rest->len;

	if (rest->len == 0)
		return (struct text){ "", 0 };
	end = memchr(rest->at, separator, rest->len);
	if (end != NULL) {
		piece.len = (size_t)(end - rest->at);
		gone = piece.len + 1;
	}
	rest->at += gone;
	rest->len -= gone;
	return trim(piece);
}

static bool
is_token(struct text s)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < s.len; i++)
		if (memchr(chars, s.at[i], sizeof(chars) - 1) == NULL)
			return false;
	return s.len > 0;
}

static bool
has_control(struct text s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7f)
			return true;
	return false;
}

/* ---- Accept ---- */

static unsigned
range_rank(struct text range)
{
	if (is(range, "application/json"))
		return 3;
	if (is(range, "application/*"))
		return 2;
	return is(range, "*/*") ? 1 : 0;
}

/* Whether a weight is above zero. */
static bool
weight_allows(struct text weight)
{
	for (size_t i = 0; i < weight.len; i++)
		if (weight.at[i] >= '1' && weight.at[i] <= '9')
			return true;
	return false;
}

/* The most exact range decides (RFC 9110, 12.5.1). */
static void
take_accept(struct http_headers *h, struct text list)
{
	h->accept_given = true;
	while (list.len > 0) {
		struct text rest = cut(&list, ',');
		unsigned rank = range_rank(cut(&rest, ';'));
		bool allows = true;

		while (rest.len > 0) {
			struct text parameter = cut(&rest, ';');

			if (is(cut(&parameter, '='), "q"))
				allows = weight_allows(trim(parameter));
		}
		if (rank > h->accept_rank) {
			h->accept_rank = rank;
			h->accept_allows = allows;
		}
	}
}

/* ---- taking ---- */

void
http_headers_add(struct http_headers *h, struct text name, struct text value)
{
	if (!is_token(name) || has_control(value))
		h->malformed = true;
	if (is(name, "accept"))
		take_accept(h, value);
	for (size_t i = 0; i < HTTP_HEADER_COUNT; i++)
		if (is(name, names[i]) && h->count[i]++ == 0)
			h->value[i] = trim(value);
}

uint64_t
http_headers_length(const struct http_headers *h)
{
	struct text s = h->value[HTTP_CONTENT_LENGTH];
	uint64_t length = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9' || length > (UINT64_MAX >> 1) / 10)
			return UINT64_MAX;
		length = 10 * length + (uint64_t)(s.at[i] - '0');
	}
	return length;
}

/* ---- judging ---- */

struct head {
	const struct http_headers *headers;
	const char *method, *path;
};

static const struct http_verdict fine = { 0, NULL, NULL };

static struct http_verdict
judge_origin(const struct head *head)
{
	if (head->headers->count[HTTP_ORIGIN] > 0)
		return (struct http_verdict){ 403, "requests of web pages are not served", NULL };
	return fine;
}

static struct http_verdict
judge_shape(const struct head *head)
{
	static const enum http_header once[] = { HTTP_HOST, HTTP_CONTENT_TYPE, HTTP_CONTENT_LENGTH,
		HTTP_TRANSFER_ENCODING };
	const struct http_headers *h = head->headers;

	if (h->malformed)
		return (struct http_verdict){ 400, "a header is malformed", NULL };
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (h->count[once[i]] > 1)
			return (struct http_verdict){ 400, "a header that may stand once stands twice", NULL };
	if (h->count[HTTP_CONTENT_LENGTH] > 0 && h->count[HTTP_TRANSFER_ENCODING] > 0)
		return (struct http_verdict){ 400, "Content-Length and Transfer-Encoding exclude each other", NULL };
	if (h->count[HTTP_TRANSFER_ENCODING] > 0 && !is(h->value[HTTP_TRANSFER_ENCODING], "chunked"))
		return (struct http_verdict){ 400, "the only Transfer-Encoding is chunked", NULL };
	return fine;
}

static bool
is_health(const struct head *head)
{
	return strcmp(head->path, HTTP_PATH_HEALTH) == 0;
}

static struct http_verdict
judge_path(const struct head *head)
{
	if (strcmp(head->path, HTTP_PATH_MCP) != 0 && !is_health(head))
		return (struct http_verdict){ 404, "there are only " HTTP_PATH_MCP " and " HTTP_PATH_HEALTH, NULL };
	return fine;
}

static struct http_verdict
judge_method(const struct head *head)
{
	if (is_health(head) && strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0)
		return (struct http_verdict){ 405, "use GET here", "GET, HEAD" };
	if (!is_health(head) && strcmp(head->method, "POST") != 0)
		return (struct http_verdict){ 405, "use POST here: one JSON-RPC message, one answer", "POST" };
	return fine;
}

static struct http_verdict
judge_type(const struct head *head)
{
	const struct http_headers *h = head->headers;
	struct text type = h->value[HTTP_CONTENT_TYPE], encoding = h->value[HTTP_CONTENT_ENCODING];

	if (is_health(head))
		return fine;
	if (!is(cut(&type, ';'), "application/json"))
		return (struct http_verdict){ 415, "Content-Type must be application/json", NULL };
	if (h->count[HTTP_CONTENT_ENCODING] > 0 && !is(encoding, "identity"))
		return (struct http_verdict){ 415, "the body must not be compressed", NULL };
	return fine;
}

static struct http_verdict
judge_accept(const struct head *head)
{
	if (!is_health(head) && head->headers->accept_given && !head->headers->accept_allows)
		return (struct http_verdict){ 406, "Accept must allow application/json", NULL };
	return fine;
}

static struct http_verdict
judge_length(const struct head *head)
{
	if (http_headers_length(head->headers) > LIMIT_JSON_LINE)
		return (struct http_verdict){ 413, "the body is too large", NULL };
	return fine;
}

struct http_verdict
http_headers_judge(const struct http_headers *h, const char *method, const char *path)
{
	static struct http_verdict (*const judges[])(const struct head *) = {
		judge_origin, judge_shape, judge_path, judge_method, judge_type, judge_accept, judge_length,
	};
	const struct head head = { h, method, path };

	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
		struct http_verdict verdict = judges[i](&head);

		if (verdict.status != 0)
			return verdict;
	}
	return fine;
}
