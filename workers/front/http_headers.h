/*
 * The head of one HTTP request, and what is wrong with it before its body counts: libmicrohttpd takes heads that
 * RFC 9110 and 9112 call invalid or that two readers could understand differently. No sockets here.
 */
#ifndef WORKERS_FRONT_HTTP_HEADERS_H
#define WORKERS_FRONT_HTTP_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/message.h"

#define HTTP_PATH_MCP "/mcp"
#define HTTP_PATH_HEALTH "/healthz"

/* The ones that mean something here. */
enum http_header {
	HTTP_HOST,
	HTTP_ORIGIN,
	HTTP_CONTENT_TYPE,
	HTTP_CONTENT_ENCODING,
	HTTP_CONTENT_LENGTH,
	HTTP_TRANSFER_ENCODING,
	HTTP_EXPECT,
	HTTP_MCP_VERSION,        /* MCP-Protocol-Version */
	HTTP_MCP_METHOD,         /* Mcp-Method */
	HTTP_MCP_NAME,           /* Mcp-Name */
	HTTP_HEADER_COUNT
};

/* All zero before the first header. */
struct http_headers {
	struct text value[HTTP_HEADER_COUNT];        /* the first one's, without blanks around it; borrowed */
	unsigned count[HTTP_HEADER_COUNT];
	bool malformed;                              /* a name that is no token, a control character in a value */
	unsigned accept_rank;                        /* how exactly Accept has named application/json; 0: not at all */
	bool accept_given, accept_allows;
};

/* Takes one header line. Name and value are borrowed for as long as `h` is used. */
void http_headers_add(struct http_headers *h, struct text name, struct text value);

struct http_verdict {
	unsigned status;         /* 0: nothing against it */
	const char *text;        /* static */
	const char *allow;       /* the value of Allow with a 405, else NULL */
};

/*
 * In this order: a foreign origin 403 (clients of a unix socket are no browsers, so any is foreign), an ambiguous head
 * 400, path 404, method 405, content type 415, Accept 406, length 413.
 */
struct http_verdict http_headers_judge(const struct http_headers *h, const char *method, const char *path);

/* The length of the body as announced; 0 when there is none or it is chunked. UINT64_MAX past 2^63. */
uint64_t http_headers_length(const struct http_headers *h);

#endif
