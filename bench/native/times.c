#include "times.h"

#include <stdlib.h>

void times_add(struct times *times, long long ns) {
  if (times->count == times->room) {
    times->room = times->room ? times->room * 2 : 1024;
    times->each = realloc(times->each, times->room * sizeof *times->each);
  }
  times->each[times->count++] = ns;
}

static int by_size(const void *one, const void *other) {
  long long a = *(const long long *)one, b = *(const long long *)other;
  return (a > b) - (a < b);
}

double times_share(struct times *times, double share) {
  if (times->count == 0) return -1;
  qsort(times->each, times->count, sizeof *times->each, by_size);
  size_t at = (size_t)(share * (double)times->count);
  if (at >= times->count) at = times->count - 1;
  return (double)times->each[at] / 1000;
}
