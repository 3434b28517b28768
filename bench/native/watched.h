#pragma once

/* What the watched processes have used together. */
struct usage {
  long long cpu_ns; /* user and system time, all threads */
  long long rss_kb;
};

/* Watches one more process. */
void watch(int pid);

/* Reads what they have used until now. */
struct usage watched_usage(void);
