#pragma once
#include <time.h>

/* A clock that only goes forward, in nanoseconds. */
static inline long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}
