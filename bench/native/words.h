#pragma once
#include <stddef.h>

/* Counts a word in bytes that come in pieces. Its first letter must not come again in it. */
struct words {
  const char *word;
  size_t size;
  size_t matched; /* of a word that the last piece may have cut */
  long long count;
};

void words_seek(struct words *words, const char *word);
void words_read(struct words *words, const char *bytes, size_t size);
