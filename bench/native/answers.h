#pragma once
#include <stddef.h>

/* An HTTP answer, ready to be sent. */
struct answer {
  char *bytes;
  size_t size;
  size_t steps[101]; /* sizes after which a paced answer pauses */
  int step_count;
  enum { AT_ONCE, PACED, FOR_EVER } pace;
};

/* Makes all answers; once, before the first request. */
void answers_make(void);

/* The answer to a request: by its method, by a word in the name of the model, and by the size of its body. */
const struct answer *answer_to(const char *request_head, long long body_size);
