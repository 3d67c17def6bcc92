#!/bin/sh
# A Chromium for the browser tests: one that is there, or Debian's package when run as root.
set -u
if [ -n "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Debian's chromium for the browser tests"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "SKIPPING the browser tests: install chromium (on Debian: apt-get install chromium)," >&2
echo "or name one: CHROMIUM=/path/to/chromium make test" >&2
exit 0
