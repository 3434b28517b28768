#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Reads one HTTP/1.1 message, a request or a response, however its bytes were cut. */
struct message {
  enum { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, COMPLETE, BROKEN } at;
  bool response;
  long long left;   /* of a sized body or of the chunk under way */
  size_t head_size; /* bytes of head so far */
  char head[4096];
};

/* Takes a piece of body. */
typedef void (*body_sink)(void *owner, const char *bytes, size_t size);

/* Makes ready for the next message of a connection. */
void message_begin(struct message *message, bool response);

/* Reads on, until the bytes are used up or the message is COMPLETE or BROKEN; says how many it took. */
size_t message_read(struct message *message, const char *bytes, size_t size, body_sink sink,
                    void *owner);

/* The status of a response whose head is read. */
int message_status(const struct message *message);
