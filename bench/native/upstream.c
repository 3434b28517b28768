/* Gemini as the benchmark needs it: ready answers, far from its limit. upstream PORT PACE_MS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answers.h"
#include "clock.h"
#include "http.h"

struct connection {
  int fd;
  struct message request;
  long long body_size; /* of it, so far */
  const struct answer *answer; /* under way, or NULL */
  size_t sent;
  size_t allowed; /* how much of the answer may have gone out by now */
  int step;
  bool awaits_room;
  long long due; /* of its next event, in ns */
  struct connection *earlier, *later; /* among the paced */
};

static int epoll;
static long long pace_ns;

/* All have the same pace, so who is appended last is due last. */
static struct connection paced = {.earlier = &paced, .later = &paced};

static void unpace(struct connection *connection) {
  if (!connection->later) return;
  connection->earlier->later = connection->later;
  connection->later->earlier = connection->earlier;
  connection->earlier = connection->later = NULL;
}

static void pace(struct connection *connection, long long due) {
  connection->due = due;
  connection->earlier = paced.earlier;
  connection->later = &paced;
  paced.earlier->later = connection;
  paced.earlier = connection;
}

static void hang_up(struct connection *connection) {
  unpace(connection);
  close(connection->fd);
  free(connection);
}

static void await(struct connection *connection, bool room) {
  if (connection->awaits_room == room) return;
  connection->awaits_room = room;
  struct epoll_event wanted = {.events = EPOLLIN | (room ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &wanted);
}

/* Sends what may go out. */
static void send_on(struct connection *connection) {
  const struct answer *answer = connection->answer;
  while (connection->sent < connection->allowed) {
    ssize_t sent = send(connection->fd, answer->bytes + connection->sent,
                        connection->allowed - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      await(connection, true);
      return;
    }
    if (sent < 0) {
      hang_up(connection);
      return;
    }
    connection->sent += (size_t)sent;
  }
  await(connection, false);
  if (connection->sent == answer->size) {
    connection->answer = NULL;
    message_begin(&connection->request, false);
  }
}

static void step_on(struct connection *connection, long long now) {
  const struct answer *answer = connection->answer;
  bool last = connection->step == answer->step_count - 1;
  connection->allowed = last ? answer->size : answer->steps[connection->step++];
  if (!last && answer->pace == PACED) pace(connection, now + pace_ns);
  send_on(connection);
}

static void begin_answer(struct connection *connection) {
  const struct answer *answer = answer_to(connection->request.head, connection->body_size);
  connection->answer = answer;
  connection->body_size = 0;
  connection->sent = 0;
  connection->step = 0;
  if (answer->pace == AT_ONCE) {
    connection->allowed = answer->size;
    send_on(connection);
  } else {
    step_on(connection, now_ns());
  }
}

static void count_body(void *owner, const char *bytes, size_t size) {
  (void)bytes;
  struct connection *connection = owner;
  connection->body_size += (long long)size;
}

static void read_request(struct connection *connection) {
  static char bytes[256 * 1024];
  ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || connection->answer) {
    hang_up(connection);
    return;
  }
  message_read(&connection->request, bytes, (size_t)got, count_body, connection);
  if (connection->request.at == BROKEN) hang_up(connection);
  else if (connection->request.at == COMPLETE) begin_answer(connection);
}

static void take(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    message_begin(&connection->request, false);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted);
  }
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
    perror("upstream");
    exit(1);
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

/* Lets all go on whose time has come; says when the next one's comes. */
static const struct timespec *let_paced_go_on(struct timespec *wait) {
  long long now = now_ns();
  while (paced.later != &paced && paced.later->due <= now) {
    struct connection *connection = paced.later;
    unpace(connection);
    step_on(connection, connection->due);
  }
  if (paced.later == &paced) return NULL;
  long long left = paced.later->due - now;
  *wait = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  return wait;
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  pace_ns = (count > 2 ? atoll(arguments[2]) : 20) * 1000000;
  answers_make();
  epoll = epoll_create1(0);
  int listener = listen_on(count > 1 ? atoi(arguments[1]) : 0);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted);
  for (;;) {
    struct timespec wait;
    struct epoll_event ready[256];
    int many = epoll_pwait2(epoll, ready, 256, let_paced_go_on(&wait), NULL);
    for (int at = 0; at < many; at++) {
      struct connection *connection = ready[at].data.ptr;
      if (!connection) take(listener);
      else if (ready[at].events & EPOLLOUT) send_on(connection);
      else read_request(connection);
    }
  }
}
