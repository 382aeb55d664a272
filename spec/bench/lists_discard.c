/* The floor of a list: libcurl fetches every page and throws the bytes away.
** lists_discard ENDPOINT CA_FILE PAGES [mode [IN_FLIGHT]]: one page after the other on one connection, or
** page 1 first, which a list needs for its total, and then so many at a time. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

static size_t discard(char *bytes, size_t size, size_t count, void *total) {
  (void)bytes;
  *(size_t *)total += size * count;
  return size * count;
}

static void set_page(CURL *easy, const char *endpoint, int page) {
  char url[512];
  (void)snprintf(url, sizeof url,
                 "%s/v1/regions/cn-north-1/images?imageSource=private&pageNumber=%d&pageSize=100",
                 endpoint, page);
  (void)curl_easy_setopt(easy, CURLOPT_URL, url);
}

static CURL *new_handle(const char *ca_file, size_t *total, int in_flight) {
  CURL *easy = curl_easy_init();
  if (easy != NULL) {
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, total);
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    if (in_flight == 0) {
      (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
  }
  return easy;
}

static int one_by_one(const char *endpoint, const char *ca_file, int pages, size_t *total) {
  CURL *easy = new_handle(ca_file, total, 0);
  int page, failed = easy == NULL;
  for (page = 1; !failed && page <= pages; page++) {
    set_page(easy, endpoint, page);
    failed = curl_easy_perform(easy) != CURLE_OK;
  }
  curl_easy_cleanup(easy);
  return failed;
}

static int side_by_side(const char *endpoint, const char *ca_file, int pages, size_t *total,
                        int in_flight) {
  CURLM *multi = curl_multi_init();
  CURL *handles[MOST];
  int page = 1, done = 0, used = 0, i;
  for (i = 0; i < in_flight; i++) {
    handles[i] = new_handle(ca_file, total, in_flight);
    if (multi == NULL || handles[i] == NULL) {
      return 1;
    }
  }
  set_page(handles[0], endpoint, page++);
  (void)curl_multi_add_handle(multi, handles[0]);
  used = 1;
  while (done < pages) {
    int running, left;
    CURLMsg *message;
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return 1;
    }
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
      CURL *easy = message->easy_handle;
      if (message->msg != CURLMSG_DONE || message->data.result != CURLE_OK) {
        return 1;
      }
      done++;
      (void)curl_multi_remove_handle(multi, easy);
      if (page <= pages) {
        set_page(easy, endpoint, page++);
        (void)curl_multi_add_handle(multi, easy);
      }
      for (; used < in_flight && page <= pages; used++) {
        set_page(handles[used], endpoint, page++);
        (void)curl_multi_add_handle(multi, handles[used]);
      }
    }
    if (done < pages && curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK) {
      return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  int pages = argc > 3 ? atoi(argv[3]) : 0;
  int in_flight = argc > 5 ? atoi(argv[5]) : 0;
  size_t total = 0;
  if (pages < 1 || in_flight < 0 || in_flight > MOST) {
    return 2;
  }
  if (in_flight == 0 ? one_by_one(argv[1], argv[2], pages, &total)
                     : side_by_side(argv[1], argv[2], pages, &total, in_flight)) {
    return 1;
  }
  return total == 0;
}
