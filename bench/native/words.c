#include "words.h"

#include <string.h>

void words_seek(struct words *words, const char *word) {
  *words = (struct words){.word = word, .size = strlen(word)};
}

void words_read(struct words *words, const char *bytes, size_t size) {
  const char *end = bytes + size;
  while (bytes < end) {
    if (words->matched == 0) {
      bytes = memchr(bytes, words->word[0], (size_t)(end - bytes));
      if (!bytes) return;
      words->matched = 1;
      bytes++;
    } else if (*bytes == words->word[words->matched]) {
      bytes++;
      if (++words->matched == words->size) {
        words->count++;
        words->matched = 0;
      }
    } else {
      words->matched = 0; /* and looks at this byte again: it may be a first letter */
    }
  }
}
