#!/usr/bin/env bash
# See that there is a Chromium for the browser tests; install it where that can be done.
set -euo pipefail

for name in "${LLMWATCH_CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium for the browser tests"
  # What apt says of a failure is pages long; who types the command below gets to read it.
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium; } &>/dev/null; then
    exit 0
  fi
fi
echo "no Chromium here, so no browser tests: apt-get install chromium, or set LLMWATCH_CHROMIUM to its path" >&2
[ "${CI:-}" != true ]
