/*
 * Asks one server the same question again and again, looks whether each answer is complete, and prints
 * what it saw as one line of JSON.
 *
 * Closed loop: each connection asks again as soon as it is answered. With --rate, open loop: requests are
 * due at fixed moments, and times count from those, also where no connection is free.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "plan.h"
#include "times.h"
#include "watched.h"
#include "words.h"

struct connection {
  int fd;
  bool busy;
  size_t sent;
  struct message answer;
  struct words marks, end;
  long long asked;      /* when, or when it was due */
  long long first_mark; /* 0 before it */
};

static int epoll;
static struct connection *all;
static struct {
  long long answers, marks; /* inside the window */
  long long due;            /* requests of an open loop */
  long long waiting;        /* streams that have not begun */
  struct times whole, first;
} seen;
static bool counting; /* inside the window */
static bool ending;   /* nothing new is asked */

static void wrong(const char *what, const struct connection *connection) {
  fprintf(stderr, "wrong answer: %s (status %d, %lld of %lld marks)\n%.600s\n", what,
          connection->answer.head_size ? message_status(&connection->answer) : 0,
          connection->marks.count, plan.marks, connection->answer.head);
  exit(1);
}

static void send_on(struct connection *connection) {
  while (connection->sent < plan.request_size) {
    ssize_t sent = send(connection->fd, plan.request + connection->sent,
                        plan.request_size - connection->sent, MSG_NOSIGNAL);
    bool full = sent < 0 && errno == EAGAIN;
    if (sent < 0 && !full) wrong("the connection broke while asking", connection);
    if (full) break;
    connection->sent += (size_t)sent;
  }
  bool rest = connection->sent < plan.request_size;
  struct epoll_event wanted = {.events = EPOLLIN | (rest ? EPOLLOUT : 0), .data.ptr = connection};
  if (rest || plan.request_size > 65536) epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &wanted);
}

static void open_connection(struct connection *connection) {
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)plan.port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror("generator: connect");
    exit(1);
  }
  int one = 1;
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(connection->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &wanted);
}

static void ask(struct connection *connection, long long due) {
  if (connection->fd < 0) open_connection(connection);
  connection->busy = true;
  connection->sent = 0;
  connection->asked = due;
  connection->first_mark = 0;
  message_begin(&connection->answer, true);
  words_seek(&connection->marks, plan.mark);
  if (plan.end) words_seek(&connection->end, plan.end);
  send_on(connection);
}

static void take_body(void *owner, const char *bytes, size_t size) {
  struct connection *connection = owner;
  long long before = connection->marks.count;
  words_read(&connection->marks, bytes, size);
  if (plan.end) words_read(&connection->end, bytes, size);
  if (connection->marks.count == before) return;
  if (before == 0) {
    connection->first_mark = now_ns();
    seen.waiting--;
  }
  if (counting) seen.marks += connection->marks.count - before;
}

static void complete(struct connection *connection) {
  if (message_status(&connection->answer) != 200) wrong("not status 200", connection);
  if (connection->marks.count != plan.marks) wrong("not all of it", connection);
  if (plan.end && connection->end.count < 1) wrong("without its end", connection);
  connection->busy = false;
  if (counting) seen.answers++;
  long long now = now_ns();
  times_add(&seen.whole, now - connection->asked);
  times_add(&seen.first, connection->first_mark - connection->asked);
  if (!ending && plan.rate == 0) ask(connection, now);
}

static void read_on(struct connection *connection) {
  static char bytes[256 * 1024];
  ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 && !connection->busy) {
    /* A server may end a connection that is not in use. */
    close(connection->fd);
    connection->fd = -1;
    return;
  }
  if (got <= 0) wrong("the connection broke", connection);
  if (!connection->busy) wrong("bytes that nobody asked for", connection);
  size_t taken = message_read(&connection->answer, bytes, (size_t)got, take_body, connection);
  if (connection->answer.at == BROKEN) wrong("not HTTP with a length", connection);
  if (connection->answer.at != COMPLETE) return;
  if (taken < (size_t)got) wrong("bytes after its end", connection);
  complete(connection);
}

/* Lets the network go on until a moment. */
static void run_until(long long moment) {
  for (;;) {
    long long left = moment - now_ns();
    if (left <= 0) return;
    struct timespec wait = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    struct epoll_event ready[256];
    int many = epoll_pwait2(epoll, ready, 256, &wait, NULL);
    for (int at = 0; at < many; at++) {
      struct connection *connection = ready[at].data.ptr;
      if (ready[at].events & EPOLLOUT) send_on(connection);
      if (ready[at].events & ~(unsigned)EPOLLOUT) read_on(connection);
    }
  }
}

static const long long second = 1000000000;

/* Asks at fixed moments, on the first connection that is free; gives up on who cannot keep the rate. */
static void run_open_loop(void) {
  long long begin = now_ns();
  long long limit = begin + (long long)(2 * plan.seconds * (double)second);
  long long next = 0;
  seen.due = (long long)(plan.rate * plan.seconds);
  while (next < seen.due && now_ns() < limit) {
    long long due = begin + (long long)((double)next / plan.rate * (double)second);
    run_until(due);
    struct connection *free_one = NULL;
    for (int at = 0; at < plan.connections && !free_one; at++)
      if (!all[at].busy) free_one = &all[at];
    if (free_one) {
      ask(free_one, due);
      next++;
    } else {
      /* It is late already, and its time counts from when it was due. */
      run_until(now_ns() + second / 10000);
    }
  }
}

/* Awaits answers under way; what takes longer is left. */
static void drain(double seconds) {
  long long limit = now_ns() + (long long)(seconds * (double)second);
  for (;;) {
    bool busy = false;
    for (int at = 0; at < plan.connections; at++) busy |= all[at].busy;
    if (!busy || now_ns() >= limit) return;
    run_until(now_ns() + second / 1000);
  }
}

static void open_gradually(double seconds) {
  long long begin = now_ns();
  for (int at = 0; at < plan.connections; at++) {
    run_until(begin + (long long)(seconds * (double)second * at / plan.connections));
    ask(&all[at], now_ns());
  }
  run_until(begin + (long long)(seconds * (double)second));
}

/* Opens streams that never end, and says when each has begun. */
static void hold(void) {
  seen.waiting = plan.connections;
  open_gradually(plan.ramp);
  long long limit = now_ns() + 20 * second;
  while (seen.waiting > 0 && now_ns() < limit) run_until(now_ns() + second / 100);
  if (seen.waiting > 0) {
    fprintf(stderr, "%lld of %d streams did not begin in time\n", seen.waiting, plan.connections);
    exit(3);
  }
  printf("{\"open\":%d}\n", plan.connections);
  fflush(stdout);
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) < 0) run_until(now_ns() + second / 20);
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  plan_read(count, arguments);
  epoll = epoll_create1(0);
  all = calloc((size_t)plan.connections, sizeof *all);
  for (int at = 0; at < plan.connections; at++) all[at].fd = -1;
  if (plan.hold) {
    hold();
    return 0;
  }
  if (plan.rate == 0) open_gradually(plan.ramp);

  counting = true;
  long long begin = now_ns();
  struct usage before = watched_usage();
  if (plan.rate > 0) run_open_loop();
  else run_until(begin + (long long)(plan.seconds * (double)second));
  struct usage after = watched_usage();
  counting = false;
  ending = true;
  drain(plan.drain);

  printf("{\"answers\":%lld,\"marks\":%lld,\"due\":%lld,\"completed\":%zu,\"cpuNs\":%lld,\"rssKb\":%lld,"
         "\"wholeUs\":{\"p50\":%.1f,\"p99\":%.1f},\"firstUs\":{\"p50\":%.1f,\"p99\":%.1f}}\n",
         seen.answers, seen.marks, seen.due, seen.whole.count, after.cpu_ns - before.cpu_ns, after.rss_kb,
         times_share(&seen.whole, 0.5), times_share(&seen.whole, 0.99), times_share(&seen.first, 0.5),
         times_share(&seen.first, 0.99));
  return 0;
}
