/* An HTTP server that does what its client asks for, however wrong: the query of the request is a
** script of what to send. For tests only.
**
**   hostile [CERTIFICATE KEY]      (PEM files; with them there is a TLS port too)
**
** prints one line, "http PORT https PORT full PORT silent PORT" (0 where there is none), on stdout,
** serves on 127.0.0.1 until its standard input ends or two minutes are over. To `full` nobody can
** connect (its queue is full), `silent` accepts and says nothing.
**
** A request for /?STEP&STEP... is answered by its steps, in order; values are percent-encoded:
**   w=TEXT   send TEXT              x=N      send N times "x"
**   p=MS     pause                  drip=MS  from here on send byte by byte, MS between two
**   gzip=N[:CUT[:FLIP]]             send N times "x" as a gzip stream, without its last CUT bytes,
**                                   byte FLIP inverted
**   echo     send the request as the body of a 200
**   count    send {"connections":N,"requests":N,"open":N} as the body of a 200
**   hang     wait until the client goes
**   close    close the connection   reset    close it with a TCP reset
** After the last step the next request of the connection is read. */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LIFETIME = 120, REQUEST_BYTES = 256 * 1024 };

static atomic_int connections, requests, open_now;
static SSL_CTX *tls_context;

typedef struct peer {
  int fd;
  SSL *tls;
  int drip; /* milliseconds between two bytes */
} peer;

static void pause_for(int milliseconds) {
  struct timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

static bool put(peer *to, const char *bytes, size_t length) {
  while (length > 0) {
    size_t piece = to->drip > 0 ? 1 : length > 1 << 20 ? 1 << 20 : length;
    long sent = to->tls != NULL ? SSL_write(to->tls, bytes, (int)piece)
                                : send(to->fd, bytes, piece, MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes += sent;
    length -= (size_t)sent;
    if (to->drip > 0) {
      pause_for(to->drip);
    }
  }
  return true;
}

static long get(peer *from, char *bytes, size_t most) {
  return from->tls != NULL ? SSL_read(from->tls, bytes, (int)most)
                           : recv(from->fd, bytes, most, 0);
}

static size_t percent_decode(char *text) {
  char *in = text, *out = text;
  while (*in != '\0') {
    unsigned value;
    if (*in == '%' && sscanf(in + 1, "%2x", &value) == 1) {
      *out++ = (char)value;
      in += 3;
    } else {
      *out++ = *in++;
    }
  }
  return (size_t)(out - text);
}

static bool put_run(peer *to, size_t count) {
  char run[4096];
  memset(run, 'x', sizeof run);
  while (count > 0) {
    size_t piece = count < sizeof run ? count : sizeof run;
    if (!put(to, run, piece)) {
      return false;
    }
    count -= piece;
  }
  return true;
}

/* A gzip stream of stored blocks (RFC 1951, 3.2.4; RFC 1952). */
static bool put_gzip(peer *to, size_t count, size_t cut, long flip) {
  unsigned char *stream = malloc(count + count / 60000 * 5 + 64), *p = stream;
  uint32_t crc = 0xffffffffu;
  size_t left = count, i;
  bool ok;
  int bit;
  memcpy(p, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  p += 10;
  do {
    size_t piece = left < 60000 ? left : 60000;
    left -= piece;
    *p++ = left == 0;
    *p++ = (unsigned char)piece;
    *p++ = (unsigned char)(piece >> 8);
    *p++ = (unsigned char)~piece;
    *p++ = (unsigned char)(~piece >> 8);
    memset(p, 'x', piece);
    p += piece;
  } while (left > 0);
  for (i = 0; i < count; i++) {
    crc ^= 'x';
    for (bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
  }
  crc = ~crc;
  for (i = 0; i < 4; i++) {
    p[i] = (unsigned char)(crc >> 8 * i);
    p[4 + i] = (unsigned char)((uint32_t)count >> 8 * i);
  }
  p += 8;
  if (flip > 0 && stream + flip < p) {
    stream[flip] ^= 0xff;
  }
  ok = put(to, (char *)stream, (size_t)(p - stream) - cut);
  free(stream);
  return ok;
}

static bool put_body(peer *to, const char *body, size_t length) {
  char header[128];
  int size = snprintf(header, sizeof header,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
                      length);
  return put(to, header, (size_t)size) && put(to, body, length);
}

/* Runs one step. False: the connection is over. */
static bool step(peer *to, char *name, const char *request, size_t request_length) {
  char *value = strchr(name, '=');
  size_t length = 0;
  if (value != NULL) {
    *value++ = '\0';
    length = percent_decode(value);
  } else {
    value = name + strlen(name);
  }
  if (strcmp(name, "w") == 0) {
    return put(to, value, length);
  } else if (strcmp(name, "x") == 0) {
    return put_run(to, strtoul(value, NULL, 10));
  } else if (strcmp(name, "p") == 0) {
    pause_for(atoi(value));
  } else if (strcmp(name, "drip") == 0) {
    to->drip = atoi(value);
  } else if (strcmp(name, "gzip") == 0) {
    unsigned long count = 0, cut = 0;
    long flip = 0;
    sscanf(value, "%lu:%lu:%ld", &count, &cut, &flip);
    return put_gzip(to, count, cut, flip);
  } else if (strcmp(name, "echo") == 0) {
    return put_body(to, request, request_length);
  } else if (strcmp(name, "count") == 0) {
    char text[128];
    snprintf(text, sizeof text, "{\"connections\":%d,\"requests\":%d,\"open\":%d}",
             atomic_load(&connections), atomic_load(&requests), atomic_load(&open_now));
    return put_body(to, text, strlen(text));
  } else if (strcmp(name, "hang") == 0) {
    char byte;
    while (get(to, &byte, 1) > 0) {
    }
    return false;
  } else if (strcmp(name, "close") == 0) {
    return false;
  } else if (strcmp(name, "reset") == 0) {
    struct linger now = {1, 0};
    setsockopt(to->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    to->tls = NULL; /* leaks it: no close_notify */
    return false;
  }
  return true;
}

/* Answers one request. False: the connection is over. */
static bool answer(peer *to, char *request) {
  size_t length = 0;
  char *target, *end, *name;
  bool go_on = true;
  do {
    long got = get(to, request + length, REQUEST_BYTES - 1 - length);
    if (got <= 0) {
      return false;
    }
    length += (size_t)got;
    request[length] = '\0';
  } while (strstr(request, "\r\n\r\n") == NULL);
  atomic_fetch_add(&requests, 1);
  to->drip = 0;
  target = strchr(request, '?');
  end = target != NULL ? strpbrk(target, " \r\n") : NULL;
  if (end == NULL) {
    return put_body(to, "{}", 2);
  }
  target = strndup(target + 1, (size_t)(end - target - 1));
  name = target;
  while (go_on && name != NULL) {
    char *next = strchr(name, '&');
    if (next != NULL) {
      *next++ = '\0';
    }
    go_on = step(to, name, request, length);
    name = next;
  }
  free(target);
  return go_on;
}

static void *serve(void *argument) {
  peer to = {.fd = (int)((intptr_t)argument >> 1), .tls = NULL};
  bool with_tls = ((intptr_t)argument & 1) != 0;
  char *request = malloc(REQUEST_BYTES);
  int on = 1;
  setsockopt(to.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (with_tls) {
    to.tls = SSL_new(tls_context);
    SSL_set_fd(to.tls, to.fd);
  }
  if (!with_tls || SSL_accept(to.tls) == 1) {
    while (answer(&to, request)) {
    }
  }
  if (to.tls != NULL) {
    SSL_shutdown(to.tls);
    SSL_free(to.tls);
  }
  close(to.fd);
  free(request);
  atomic_fetch_sub(&open_now, 1);
  return NULL;
}

static int listen_at(int backlog, int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, backlog) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
    perror("hostile");
    exit(1);
  }
  *port = ntohs(address.sin_port);
  return fd;
}

/* Connects to our own port until its queue takes no more. */
static void fill(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int i;
  for (i = 0; i < 8; i++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(fd, (struct sockaddr *)&address, sizeof address);
  }
}

int main(int argc, char **argv) {
  struct pollfd watched[4];
  time_t end = time(NULL) + LIFETIME;
  int ports[4] = {0, 0, 0, 0};
  watched[0].fd = 0;
  watched[1].fd = listen_at(128, &ports[0]);
  watched[2].fd = -1;
  watched[3].fd = listen_at(128, &ports[3]);
  if (argc == 3) {
    tls_context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(tls_context, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_context, argv[2], SSL_FILETYPE_PEM) != 1) {
      fprintf(stderr, "hostile: bad certificate or key\n");
      return 1;
    }
    watched[2].fd = listen_at(128, &ports[1]);
  }
  (void)listen_at(0, &ports[2]);
  fill(ports[2]);
  signal(SIGPIPE, SIG_IGN);
  printf("http %d https %d full %d silent %d\n", ports[0], ports[1], ports[2], ports[3]);
  fflush(stdout);
  while (time(NULL) < end) {
    int i;
    for (i = 0; i < 4; i++) {
      watched[i].events = POLLIN;
      watched[i].revents = 0;
    }
    if (poll(watched, 4, 1000) < 0 && errno != EINTR) {
      break;
    }
    if (watched[0].revents != 0) {
      char waste[256];
      if (read(0, waste, sizeof waste) <= 0) {
        break;
      }
    }
    for (i = 1; i < 4; i++) {
      if ((watched[i].revents & POLLIN) != 0) {
        int fd = accept(watched[i].fd, NULL, NULL);
        pthread_t thread;
        if (fd < 0) {
          continue;
        }
        atomic_fetch_add(&connections, 1);
        atomic_fetch_add(&open_now, 1);
        if (i != 3 && pthread_create(&thread, NULL, serve,
                                     (void *)((intptr_t)fd << 1 | (i == 2))) == 0) {
          pthread_detach(thread);
        }
      }
    }
  }
  return 0;
}
