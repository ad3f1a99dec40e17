/* Bounds that more than one process relies on. Sizes are bytes unless the name says otherwise. */
#ifndef PROTOCOL_LIMITS_H
#define PROTOCOL_LIMITS_H

#define LIMIT_ULID 26                      /* characters of an id */
#define LIMIT_PATH 4096                    /* a path, as PATH_MAX */
#define LIMIT_FRAME (1u << 20)             /* one nng message: envelope and body */
#define LIMIT_INLINE (256u << 10)          /* a larger blob travels as a file in the spool */
#define LIMIT_SPOOL_FILE (512u << 20)      /* one spool file: the largest profile we take */
#define LIMIT_MSGPACK_DEPTH 24             /* msgpack-c 4.0 stops at 32 */
#define LIMIT_MSGPACK_NODES (1u << 20)     /* objects in one value that is unpacked into a tree */
#define LIMIT_JSON_LINE (16u << 20)        /* one JSON-RPC line from a client (E10) */
#define LIMIT_JSON_DEPTH 64
#define LIMIT_JSON_NODES 200000u           /* cJSON takes about 80 bytes each */
#define LIMIT_CHILDREN 64                  /* children of the supervisor, all roles together */
#define LIMIT_OPEN_REQUESTS 256            /* requests of one client without an answer yet */
#define LIMIT_QUEUED_JOBS 64               /* then `busy` */
#define LIMIT_OUTPUT_TAIL 600              /* bytes of a program's output in an answer */

#endif
