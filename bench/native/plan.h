#pragma once
#include <stdbool.h>
#include <stddef.h>

/* What is asked, and what a complete answer is. */
struct plan {
  int port;
  char *request; /* head and body */
  size_t request_size;
  const char *mark;
  long long marks; /* in a complete answer */
  const char *end; /* a word in it, or NULL */
  int connections;
  double ramp;    /* seconds in which they open */
  double seconds; /* of the window */
  double drain;   /* seconds after it, for answers under way */
  double rate;    /* requests a second, or 0: each connection asks again as soon as it is answered */
  bool hold;      /* opens streams, awaits the first mark of each, and holds them until stdin ends */
};

extern struct plan plan;

/* Reads the options of the command line. */
void plan_read(int count, char **arguments);
