/* The floor of a list: libcurl fetches every page on one connection and throws the bytes away.
** lists_discard ENDPOINT CA_FILE PAGES */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t discard(char *bytes, size_t size, size_t count, void *total) {
  (void)bytes;
  *(size_t *)total += size * count;
  return size * count;
}

int main(int argc, char **argv) {
  CURL *easy = curl_easy_init();
  size_t total = 0;
  int page, pages;
  if (argc < 4 || easy == NULL) {
    return 2;
  }
  pages = atoi(argv[3]);
  (void)curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &total);
  (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  for (page = 1; page <= pages; page++) {
    char url[512];
    (void)snprintf(url, sizeof url,
                   "%s/v1/regions/cn-north-1/images?imageSource=private&pageNumber=%d&pageSize=100",
                   argv[1], page);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    if (curl_easy_perform(easy) != CURLE_OK) {
      return 1;
    }
  }
  curl_easy_cleanup(easy);
  return total == 0;
}
