#!/usr/bin/env bash
# See that Prometheus, promtool and a Pushgateway are here for the tests; install them where possible.
set -euo pipefail

names="prometheus promtool prometheus-pushgateway"
missing() { for name in $names; do command -v "$name" >/dev/null || return 0; done; return 1; }

missing || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing prometheus for its tests"
  { apt-get update && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends prometheus prometheus-pushgateway; } &>/dev/null || true
  missing || exit 0
fi
echo "no Prometheus here, so no tests with it: apt-get install prometheus prometheus-pushgateway" >&2
[ "${CI:-}" != true ]
