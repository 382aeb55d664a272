/* An HTTP server that does what its client asks for, however wrong: the query of the request is
** a script of what to send. For tests only.
**
**   hostile FOLDER
**
** makes a CA (FOLDER/ca.pem) and a certificate of it for localhost and 127.0.0.1
** (FOLDER/server.pem, FOLDER/server.key), prints one line of names and ports, and serves on
** 127.0.0.1 until its standard input ends or five minutes are over. Ports: http; https; the same
** with bad certificates: other (of another host), expired, future (not yet valid), alone
** (signed by itself); silent (accepts and says nothing); full (takes no connection: its queue is
** full).
**
** A request for /?STEP&STEP... is answered by its steps, in order; values are percent-encoded:
**   w=TEXT   send TEXT              x=N      send N times "x"
**   p=MS     pause                  drip=MS  from here on send byte by byte, MS between two
**   gzip=N[:CUT[:FLIP]]             send N times "x" as a gzip stream, without its last CUT bytes,
**                                   byte FLIP inverted
**   echo     send the request as the body of a 200
**   count    send {"connections":N,"requests":N,"done":N,"open":N} as the body of a 200; done are the
**            requests after whose answer nothing more is done, but for this one
**   hang     wait until the client goes
**   close    close the connection   reset    close it with a TCP reset
**   fin      send nothing more, but read on; notify the same, in TLS's own way
**   first=N  skip the next N steps when this is the first request of its connection
** After the last step the next request of the connection is read. CONNECT is refused with 403; what is no HTTP, such as
** the beginning of TLS on the port http, with 400. */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
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

enum { LIFETIME = 300, REQUEST_BYTES = 256 * 1024 };

static atomic_int connections, requests, done, open_now;

/* The ports, in the order in which they are printed. */
enum { HTTP, HTTPS, OTHER, EXPIRED, FUTURE, ALONE, SILENT, FULL, PORTS };
static const char *const names[PORTS] = {"http",   "https", "other",  "expired",
                                         "future", "alone", "silent", "full"};
static SSL_CTX *tls_contexts[PORTS];

typedef struct peer {
  int fd;
  SSL *tls;
  int drip;   /* milliseconds between two bytes */
  int served; /* requests */
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
  return from->tls != NULL ? SSL_read(from->tls, bytes, (int)most) : recv(from->fd, bytes, most, 0);
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
    snprintf(text, sizeof text, "{\"connections\":%d,\"requests\":%d,\"done\":%d,\"open\":%d}",
             atomic_load(&connections), atomic_load(&requests), atomic_load(&done) + 1,
             atomic_load(&open_now));
    return put_body(to, text, strlen(text));
  } else if (strcmp(name, "hang") == 0) {
    char byte;
    while (get(to, &byte, 1) > 0) {
    }
    return false;
  } else if (strcmp(name, "close") == 0) {
    return false;
  } else if (strcmp(name, "fin") == 0) {
    shutdown(to->fd, SHUT_WR);
  } else if (strcmp(name, "notify") == 0) {
    if (to->tls != NULL) {
      SSL_shutdown(to->tls);
    }
  } else if (strcmp(name, "reset") == 0) {
    struct linger now = {1, 0};
    setsockopt(to->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    to->tls = NULL; /* leaks it: no close_notify */
    return false;
  }
  return true;
}

/* Runs the steps of a script, which it changes. */
static bool run(peer *to, char *name, const char *request, size_t request_length) {
  bool go_on = true;
  int skipped = 0;
  while (go_on && name != NULL) {
    char *next = strchr(name, '&');
    if (next != NULL) {
      *next++ = '\0';
    }
    if (skipped > 0) {
      skipped--;
    } else if (strncmp(name, "first=", 6) == 0) {
      skipped = to->served == 1 ? atoi(name + 6) : 0;
    } else {
      go_on = step(to, name, request, request_length);
    }
    name = next;
  }
  return go_on;
}

/* Answers one request. False: the connection is over. */
static bool answer(peer *to, char *request) {
  size_t length = 0;
  char *target, *end;
  bool go_on;
  do {
    long got = get(to, request + length, REQUEST_BYTES - 1 - length);
    if (got <= 0) {
      return false;
    }
    length += (size_t)got;
    request[length] = '\0';
    if (request[0] < 'A' || request[0] > 'Z') {
      static const char bad[] = "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n";
      (void)put(to, bad, sizeof bad - 1);
      return false;
    }
  } while (strstr(request, "\r\n\r\n") == NULL);
  atomic_fetch_add(&requests, 1);
  to->served++;
  to->drip = 0;
  if (strncmp(request, "CONNECT ", 8) == 0) {
    static const char no[] = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    return put(to, no, sizeof no - 1);
  }
  target = strchr(request, '?');
  end = target != NULL ? strpbrk(target, " \r\n") : NULL;
  if (end == NULL) {
    return put_body(to, "{}", 2);
  }
  target = strndup(target + 1, (size_t)(end - target - 1));
  go_on = run(to, target, request, length);
  free(target);
  return go_on;
}

static void *serve(void *argument) {
  int which = (int)((intptr_t)argument % PORTS);
  peer to = {.fd = (int)((intptr_t)argument / PORTS), .tls = NULL};
  char *request = malloc(REQUEST_BYTES);
  int on = 1, finished = 0;
  setsockopt(to.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_contexts[which] != NULL) {
    to.tls = SSL_new(tls_contexts[which]);
    SSL_set_fd(to.tls, to.fd);
  }
  if (which == SILENT) {
    while (get(&to, request, REQUEST_BYTES) > 0) {
    }
  } else if (to.tls == NULL || SSL_accept(to.tls) == 1) {
    while (answer(&to, request)) {
      atomic_fetch_add(&done, 1);
      finished++;
    }
  }
  if (to.tls != NULL) {
    SSL_shutdown(to.tls);
    SSL_free(to.tls);
  }
  close(to.fd);
  atomic_fetch_add(&done, to.served - finished);
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

/* A certificate for `name` (a subjectAltName), valid from `from` to `to` seconds from now,
** signed by the issuer, by itself where there is none. */
static X509 *make_certificate(EVP_PKEY *key, const char *common_name, const char *name, long from,
                              long to, X509 *issuer, EVP_PKEY *issuer_key) {
  static long serial = 1;
  X509 *made = X509_new();
  X509_NAME *subject = X509_get_subject_name(made);
  X509_EXTENSION *extension;
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made), from);
  X509_gmtime_adj(X509_getm_notAfter(made), to);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                             -1, 0);
  X509_set_issuer_name(made, issuer != NULL ? X509_get_subject_name(issuer) : subject);
  extension = name != NULL
                  ? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name)
                  : X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
  X509_add_ext(made, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(made, issuer_key != NULL ? issuer_key : key, EVP_sha256());
  return made;
}

static FILE *create(const char *folder, const char *name) {
  char path[4096];
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "w");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  return file;
}

static void make_certificates(const char *folder) {
  static const char here[] = "DNS:localhost,IP:127.0.0.1";
  enum { DAY = 86400 };
  EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
  X509 *ca = make_certificate(ca_key, "jdvm test CA", NULL, -DAY, DAY, NULL, NULL);
  X509 *made[PORTS] = {NULL};
  FILE *file = create(folder, "ca.pem");
  int i;
  PEM_write_X509(file, ca);
  fclose(file);
  made[HTTPS] = make_certificate(key, "here", here, -DAY, DAY, ca, ca_key);
  made[OTHER] = make_certificate(key, "there", "DNS:elsewhere.example", -DAY, DAY, ca, ca_key);
  made[EXPIRED] = make_certificate(key, "here", here, -9 * DAY, -DAY, ca, ca_key);
  made[FUTURE] = make_certificate(key, "here", here, DAY, 9 * DAY, ca, ca_key);
  made[ALONE] = make_certificate(key, "here", here, -DAY, DAY, NULL, NULL);
  file = create(folder, "server.pem");
  PEM_write_X509(file, made[HTTPS]);
  fclose(file);
  file = create(folder, "server.key");
  PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
  fclose(file);
  for (i = 0; i < PORTS; i++) {
    if (made[i] != NULL) {
      tls_contexts[i] = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(tls_contexts[i], made[i]);
      SSL_CTX_use_PrivateKey(tls_contexts[i], key);
    }
  }
}

int main(int argc, char **argv) {
  struct pollfd watched[PORTS + 1];
  time_t end = time(NULL) + LIFETIME;
  int i, port;
  if (argc != 2) {
    fprintf(stderr, "usage: hostile FOLDER\n");
    return 2;
  }
  make_certificates(argv[1]);
  signal(SIGPIPE, SIG_IGN);
  for (i = 0; i < PORTS; i++) {
    watched[i].fd = listen_at(i == FULL ? 0 : 128, &port);
    watched[i].events = POLLIN;
    if (i == FULL) {
      fill(port);
      watched[i].fd = -1;
    }
    printf("%s %d%c", names[i], port, i + 1 < PORTS ? ' ' : '\n');
  }
  fflush(stdout);
  watched[PORTS].fd = 0;
  watched[PORTS].events = POLLIN;
  while (time(NULL) < end) {
    if (poll(watched, PORTS + 1, 1000) < 0 && errno != EINTR) {
      break;
    }
    if (watched[PORTS].revents != 0) {
      char waste[256];
      if (read(0, waste, sizeof waste) <= 0) {
        break;
      }
    }
    for (i = 0; i < PORTS; i++) {
      if (watched[i].fd >= 0 && (watched[i].revents & POLLIN) != 0) {
        int fd = accept(watched[i].fd, NULL, NULL);
        pthread_t thread;
        if (fd < 0) {
          continue;
        }
        atomic_fetch_add(&connections, 1);
        atomic_fetch_add(&open_now, 1);
        if (pthread_create(&thread, NULL, serve, (void *)((intptr_t)fd * PORTS + i)) == 0) {
          pthread_detach(thread);
        }
      }
    }
  }
  return 0;
}
