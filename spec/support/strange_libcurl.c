/* Preloaded, makes libcurl one that this machine does not have. NORMALIZES: it writes %2e in a URL as %2E, as libcurl
** 8.20 does. FOREIGN: the libcrypto it found is another than it was built for. For tests only. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef curl_easy_setopt

static void *original(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  typedef CURLcode setopt(CURL *, CURLoption, ...);
  union {
    void *object;
    setopt *function;
  } real = {original("curl_easy_setopt")};
  char url[1000];
  char *escape;
  void *value;
  va_list list;
  va_start(list, option);
  value = va_arg(list, void *);
  va_end(list);
  if (option == CURLOPT_URL && getenv("NORMALIZES") != NULL) {
    (void)snprintf(url, sizeof url, "%s", (const char *)value);
    while ((escape = strstr(url, "%2e")) != NULL) {
      escape[2] = 'E';
    }
    value = url;
  }
  return real.function(easy, option, value);
}

const char *OpenSSL_version(int what) {
  typedef const char *version(int);
  union {
    void *object;
    version *function;
  } real = {original("OpenSSL_version")};
  return getenv("FOREIGN") != NULL && what == 6 ? "not available" : real.function(what);
}
