# shellcheck shell=bash
# Starts the emulator for the scripts beside this file, which source it from the repository's folder: puts endpoint, CA,
# region and keys into the environment. At the end of the script it stops what stands in `processes`.

lua=${LUA:-lua5.4}
folder=$(mktemp -d)
processes=()
stop() {
  status=$?
  trap - EXIT
  kill -TERM "${processes[@]}" 2>/dev/null || true
  wait "${processes[@]}" 2>/dev/null || true
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unset JDCLOUD_SESSION_TOKEN http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

echo '$ jdvm emulator --tls &'
mkfifo "$folder/says"
"$lua" bin/jdvm emulator --tls >"$folder/says" &
processes+=($!)
exec 3<"$folder/says"
while read -r -t 20 -u 3 word value rest; do
  echo "$word${value:+ $value}${rest:+ $rest}"
  case $word:$value in
  endpoint:*) export JDCLOUD_ENDPOINT=$value ;;
  ca_file:*) export JDCLOUD_CA_FILE=$value ;;
  regions:*) export JDCLOUD_REGION=$value ;;
  account:owner)
    read -r JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY _ <<<"$rest"
    export JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY
    ;;
  ready:*) break ;;
  esac
done
if [ "${word:-}" != ready ]; then
  echo "the emulator did not get ready" >&2
  exit 1
fi
