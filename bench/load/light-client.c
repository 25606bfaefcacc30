// A client that costs little: one request again and again on each of its connections, and answers that are not copied.
// What of an answer does not come with its head is discarded in the kernel: MSG_TRUNC, tcp(7).
//   light-client ADDRESS PORT CONNECTIONS SECONDS <request
// One line of JSON as wrk.lua writes it. Ends with 1 at the first answer that is no 200 with a Content-Length.
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 8192, REQUEST_BYTES = 8192, EVENTS = 256 };

struct connection {
  int socket;
  long long asked_at;
  size_t held;
  // of the body, still to come; none is known of before the head is complete
  long long left;
  char head[HEAD_BYTES + 1];
};

static char request[REQUEST_BYTES];
static size_t request_bytes;
static long long bytes, requests, longest;
// how many requests took so many microseconds
static unsigned *times;

static void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  exit(1);
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void ask(struct connection *one, long long at) {
  one->asked_at = at;
  one->held = 0;
  one->left = 0;
  if (send(one->socket, request, request_bytes, MSG_NOSIGNAL) != (ssize_t)request_bytes) {
    fail("a request cannot be sent: %s", strerror(errno));
  }
}

static void answered(struct connection *one) {
  long long at = now(), took = at - one->asked_at;
  times[took < longest ? took : longest] += 1;
  requests += 1;
  ask(one, at);
}

static long long content_length(const char *head) {
  const char *name = "\r\ncontent-length:";
  for (const char *line = head; (line = strchr(line, '\r')) != NULL; line += 1) {
    if (strncasecmp(line, name, strlen(name)) == 0) return atoll(line + strlen(name));
  }
  fail("an answer without Content-Length:\n%s", head);
  return 0;
}

static void read_head(struct connection *one) {
  char *end = strstr(one->head, "\r\n\r\n");
  if (end == NULL) {
    if (one->held == HEAD_BYTES) fail("an answer's head is too long:\n%s", one->head);
    return;
  }
  // not to be looked for in the body
  end[2] = '\0';
  if (strncmp(one->head, "HTTP/1.1 200 ", 13) != 0) fail("a wrong answer:\n%s", one->head);
  one->left = content_length(one->head) - (one->head + one->held - (end + 4));
  if (one->left < 0) fail("more than one answer");
  if (one->left == 0) answered(one);
}

static void on_readable(struct connection *one) {
  // the body of an answer is behind its head; only of a whole head is something left
  size_t room = HEAD_BYTES - one->held;
  ssize_t count = one->left > 0
                      ? recv(one->socket, NULL, one->left < INT_MAX ? one->left : INT_MAX, MSG_TRUNC | MSG_DONTWAIT)
                      : recv(one->socket, one->head + one->held, room, 0);
  if (count <= 0) fail("a connection broke off: %s", count == 0 ? "closed" : strerror(errno));
  bytes += count;
  if (one->left > 0) {
    one->left -= count;
    if (one->left == 0) answered(one);
    return;
  }
  one->held += count;
  one->head[one->held] = '\0';
  read_head(one);
}

static double percentile(double share) {
  long long behind = requests * share, at = 0;
  for (long long sum = times[0]; sum < behind; sum += times[++at]) continue;
  return at / 1e3;
}

int main(int count, char **words) {
  if (count != 5) fail("light-client ADDRESS PORT CONNECTIONS SECONDS <request");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
  if (inet_pton(AF_INET, words[1], &address.sin_addr) != 1) fail("no address: %s", words[1]);
  int connections = atoi(words[3]);
  longest = atof(words[4]) * 1e6;
  times = calloc(longest + 1, sizeof *times);
  request_bytes = fread(request, 1, sizeof request, stdin);
  int poll = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i += 1) {
    all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(all[i].socket, (struct sockaddr *)&address, sizeof address) != 0) {
      fail("no connection: %s", strerror(errno));
    }
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, all[i].socket, &wanted);
  }

  long long start = now(), end = start + longest, at;
  for (int i = 0; i < connections; i += 1) ask(&all[i], now());
  while ((at = now()) < end) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poll, events, EVENTS, (end - at) / 1000 + 1);
    for (int i = 0; i < ready; i += 1) on_readable(events[i].data.ptr);
  }
  if (requests == 0) fail("nothing was answered");
  printf("{\"requests\":%lld,\"seconds\":%f,\"bytes\":%lld,\"p50Ms\":%f,\"p99Ms\":%f,\"p999Ms\":%f}\n",
         requests, (at - start) / 1e6, bytes, percentile(0.5), percentile(0.99), percentile(0.999));
  return 0;
}
