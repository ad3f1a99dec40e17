#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the ones above first. */
#include <cmocka.h>

#include <string.h>

#include "protocol/limits.h"
#include "workers/front/http_headers.h"

/* Takes lines "Name: value" separated by newlines. */
static void
take(struct http_headers *h, const char *lines)
{
	memset(h, 0, sizeof(*h));
	while (*lines != 0) {
		size_t len = strcspn(lines, "\n");
		const char *colon = memchr(lines, ':', len);
		struct text name = { lines, (size_t)(colon - lines) };
		struct text value = { colon + 1, len - name.len - 1 };

		http_headers_add(h, name, value);
		lines += len + (lines[len] == '\n');
	}
}

#define POST_JSON "Host: x\nContent-Type: application/json\n"

static const struct {
	const char *method, *path, *lines;
	unsigned status;
} heads[] = {
	{ "POST", "/mcp", POST_JSON, 0 },
	{ "GET", "/healthz", "Host: x", 0 },
	{ "HEAD", "/healthz", "", 0 },
	/* each of two faults: the first in the order wins */
	{ "GET", "/nowhere", "Origin: null\nX : 1", 403 },
	{ "GET", "/nowhere", "X : 1", 400 },
	{ "PUT", "/nowhere", "", 404 },
	{ "PUT", "/mcp", "Content-Type: a/b", 405 },
	{ "POST", "/healthz", "", 405 },
	{ "POST", "/mcp", "Content-Type: a/b\nAccept: a/b", 415 },
	{ "POST", "/mcp", POST_JSON "Accept: a/b\nContent-Length: 99999999", 406 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 99999999", 413 },
	/* heads that two readers could understand differently */
	{ "POST", "/mcp", POST_JSON "hOST: x", 400 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 1\nContent-Length: 1", 400 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 1\nTransfer-Encoding: chunked", 400 },
	{ "POST", "/mcp", POST_JSON "Transfer-Encoding: gzip, chunked", 400 },
	{ "POST", "/mcp", POST_JSON "Transfer-Encoding: Chunked", 0 },
	{ "POST", "/mcp", POST_JSON "X: a\x01", 400 },
	{ "POST", "/mcp", POST_JSON "X: a\x7f", 400 },
	{ "POST", "/mcp", POST_JSON "X: a\tb \xc3\xa9", 0 },
	{ "POST", "/mcp", POST_JSON ": 1", 400 },
	/* content type */
	{ "POST", "/mcp", "Content-Type: \t application/JSON \t;charset=x", 0 },
	{ "POST", "/mcp", "Content-Type: application/json2", 415 },
	{ "POST", "/mcp", "Content-Type: ", 415 },
	{ "POST", "/mcp", POST_JSON "Content-Encoding: identity", 0 },
	{ "POST", "/mcp", POST_JSON "Content-Encoding: gzip", 415 },
	/* length */
	{ "POST", "/mcp", POST_JSON "Content-Length: 16777216", 0 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 16777217", 413 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 18446744073709551617", 413 },
	{ "POST", "/mcp", POST_JSON "Content-Length: 1e3", 413 },
};

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct http_headers h;
		struct http_verdict v;

		take(&h, heads[i].lines);
		v = http_headers_judge(&h, heads[i].method, heads[i].path);
		if (v.status != heads[i].status)
			fail_msg("head %zu: %u, not %u (%s)", i, v.status, heads[i].status, v.text);
		assert_int_equal(v.status == 0, v.text == NULL);
		assert_int_equal(v.status == 405, v.allow != NULL);
	}
}

static const struct {
	const char *lines;
	bool allows;
} accepts[] = {
	{ "", true },
	{ "Accept: application/json", true },
	{ "Accept: text/event-stream", false },
	{ "Accept: text/event-stream\nAccept: Application/Json", true },
	{ "Accept: text/event-stream, application/json;q=0.001", true },
	{ "Accept: application/json;q=0.000, */*", false },
	{ "Accept: */*, application/json;q=0", false },
	{ "Accept: application/*;q=0, */*", false },
	{ "Accept: application/json, application/*;q=0, */*;q=0", true },
	{ "Accept: application/json; charset=x ; Q=0", false },
	{ "Accept: */*;q=1.0", true },
	{ "Accept: ,, ;, */* ,", true },
	{ "Accept:", false },
	{ "Accept: application/jsonp", false },
};

static void
test_accept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		char lines[256] = POST_JSON;
		struct http_headers h;

		strcat(lines, accepts[i].lines);
		take(&h, lines);
		if (http_headers_judge(&h, "POST", "/mcp").status != (accepts[i].allows ? 0 : 406))
			fail_msg("accept %zu: %s", i, accepts[i].lines);
	}
}

static void
test_values(void **state)
{
	struct http_headers h;

	(void)state;
	take(&h, "mcp-NAME: \t a b \t\nMcp-Name: second\nMcp-Method:");
	assert_int_equal(h.count[HTTP_MCP_NAME], 2);
	assert_int_equal(h.value[HTTP_MCP_NAME].len, 3);
	assert_memory_equal(h.value[HTTP_MCP_NAME].at, "a b", 3);
	assert_int_equal(h.count[HTTP_MCP_METHOD], 1);
	assert_int_equal(h.value[HTTP_MCP_METHOD].len, 0);
	assert_int_equal(http_headers_length(&h), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
