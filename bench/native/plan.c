#define _GNU_SOURCE
#include "plan.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watched.h"

struct plan plan = {.mark = "Zest", .marks = 1, .connections = 1, .seconds = 1, .drain = 5};

static char *file_bytes(const char *path, size_t *size) {
  FILE *file = fopen(path, "r");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size) exit(1);
  fclose(file);
  return bytes;
}

static void make_request(const char *path, const char *headers, const char *body_file) {
  size_t body_size;
  char *body = file_bytes(body_file, &body_size);
  char *head;
  int head_size = asprintf(&head,
                           "POST %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n"
                           "accept: application/json\r\n%scontent-length: %zu\r\n\r\n",
                           path, plan.port, headers, body_size);
  if (head_size < 0) abort();
  plan.request_size = (size_t)head_size + body_size;
  plan.request = realloc(head, plan.request_size);
  memcpy(plan.request + head_size, body, body_size);
  free(body);
}

void plan_read(int count, char **arguments) {
  const char *path = "/", *body = "/dev/null", *headers = "";
  static const struct option options[] = {
      {"port", 1, 0, 'p'},  {"path", 1, 0, 'u'},  {"body", 1, 0, 'b'},    {"headers", 1, 0, 'h'},
      {"marks", 1, 0, 'm'}, {"end", 1, 0, 'e'},   {"watch", 1, 0, 'w'},   {"connections", 1, 0, 'c'},
      {"ramp", 1, 0, 'a'},  {"rate", 1, 0, 'r'},  {"seconds", 1, 0, 's'}, {"hold", 0, 0, 'o'},
      {"drain", 1, 0, 'd'},      {0, 0, 0, 0}};
  int option;
  while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
    switch (option) {
    case 'p': plan.port = atoi(optarg); break;
    case 'u': path = optarg; break;
    case 'b': body = optarg; break;
    case 'h': headers = optarg; break;
    case 'm': plan.marks = atoll(optarg); break;
    case 'e': plan.end = optarg; break;
    case 'w': watch(atoi(optarg)); break;
    case 'c': plan.connections = atoi(optarg); break;
    case 'a': plan.ramp = atof(optarg); break;
    case 'r': plan.rate = atof(optarg); break;
    case 's': plan.seconds = atof(optarg); break;
    case 'd': plan.drain = atof(optarg); break;
    case 'o': plan.hold = true; break;
    default: exit(2);
    }
  }
  make_request(path, headers, body);
}
