#define _GNU_SOURCE
#include "http.h"

#include <stdlib.h>
#include <string.h>

void message_begin(struct message *message, bool response) {
  message->at = HEAD;
  message->response = response;
  message->left = 0;
  message->head_size = 0;
}

int message_status(const struct message *message) {
  return atoi(message->head + strlen("HTTP/1.1 "));
}

static void body_begins(struct message *message) {
  message->head[message->head_size] = '\0';
  const char *length = strcasestr(message->head, "\r\ncontent-length:");
  if (length) {
    message->left = atoll(length + strlen("\r\ncontent-length:"));
    message->at = message->left > 0 ? SIZED : COMPLETE;
  } else if (strcasestr(message->head, "\r\ntransfer-encoding: chunked")) {
    message->at = CHUNK_SIZE;
  } else {
    /* A response that ends with its connection could not be told from one that broke off. */
    message->at = message->response ? BROKEN : COMPLETE;
  }
}

static void head_goes_on(struct message *message, char byte) {
  if (message->head_size == sizeof message->head - 1) {
    message->at = BROKEN;
    return;
  }
  message->head[message->head_size++] = byte;
  if (byte != '\n' || message->head_size < 4) return;
  if (memcmp(message->head + message->head_size - 4, "\r\n\r\n", 4) == 0) body_begins(message);
}

static void chunk_size_goes_on(struct message *message, char byte) {
  if (byte == '\n') message->at = message->left > 0 ? CHUNK : TRAILER;
  if (byte == '\r' || byte == '\n') return;
  const char *digits = "0123456789abcdef";
  const char *digit = strchr(digits, byte | 0x20);
  if (!digit || !*digit) message->at = BROKEN;
  else message->left = message->left * 16 + (digit - digits);
}

size_t message_read(struct message *message, const char *bytes, size_t size, body_sink sink,
                    void *owner) {
  size_t taken = 0;
  while (taken < size && message->at != COMPLETE && message->at != BROKEN) {
    switch (message->at) {
    case HEAD:
      head_goes_on(message, bytes[taken++]);
      break;
    case SIZED:
    case CHUNK: {
      size_t piece = size - taken;
      if ((long long)piece > message->left) piece = (size_t)message->left;
      if (sink) sink(owner, bytes + taken, piece);
      taken += piece;
      message->left -= (long long)piece;
      if (message->left == 0) message->at = message->at == SIZED ? COMPLETE : CHUNK_END;
      break;
    }
    case CHUNK_END:
      if (bytes[taken++] == '\n') message->at = CHUNK_SIZE;
      break;
    case CHUNK_SIZE:
      chunk_size_goes_on(message, bytes[taken++]);
      break;
    case TRAILER:
      /* No one here sends trailers, so the next line is the empty one. */
      if (bytes[taken++] == '\n') message->at = COMPLETE;
      break;
    default:
      break;
    }
  }
  return taken;
}
