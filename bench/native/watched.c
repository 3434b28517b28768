#include "watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int pids[64];
static int count;

void watch(int pid) {
  if (count < 64) pids[count++] = pid;
}

/* The clock of a process is utime + stime of /proc/PID/stat, but to the nanosecond instead of 10 ms. */
static long long cpu_ns_of(int pid) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    fprintf(stderr, "process %d is gone\n", pid);
    exit(1);
  }
  return used.tv_sec * 1000000000LL + used.tv_nsec;
}

static long long rss_kb_of(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE *file = fopen(path, "r");
  long long pages = 0;
  if (file) {
    if (fscanf(file, "%*s %lld", &pages) != 1) pages = 0;
    fclose(file);
  }
  return pages * sysconf(_SC_PAGESIZE) / 1024;
}

struct usage watched_usage(void) {
  struct usage all = {0, 0};
  for (int at = 0; at < count; at++) {
    all.cpu_ns += cpu_ns_of(pids[at]);
    all.rss_kb += rss_kb_of(pids[at]);
  }
  return all;
}
