#pragma once
#include <stddef.h>

/* A list of durations in ns. */
struct times {
  long long *each;
  size_t count, room;
};

void times_add(struct times *times, long long ns);

/* The duration that a share of them, e.g. 0.99, does not exceed, in microseconds; -1 where there are none. */
double times_share(struct times *times, double share);
