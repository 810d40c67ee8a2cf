#!/bin/sh
# What the tests need from the system: a browser, PostgreSQL. Installs what is missing, or names it in one sentence.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
# The browser's driver (playwright) brings a node that needs it; bare systems have no libatomic.
ls /usr/lib/*/libatomic.so.1 /lib/*/libatomic.so.1 >/dev/null 2>&1 || missing="$missing libatomic1"
# Browser and Asterisk speak over an address of this machine; where there is only loopback, the tests give it one.
PATH="$PATH:/usr/sbin:/sbin" command -v ip >/dev/null 2>&1 || missing="$missing iproute2"
# A line that loses packets is made by the kernel's packet filter.
PATH="$PATH:/usr/sbin:/sbin" command -v nft >/dev/null 2>&1 || missing="$missing nftables"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true >/dev/null 2>&1; then run="sudo -n"; else
    echo "The tests need$missing, and this user may not install them; ask the machine's owner for: apt-get install$missing" >&2
    exit 1
fi
echo "Installing$missing with apt-get, for the tests (a minute or two, once)"
$run apt-get update -qq
# shellcheck disable=SC2086
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
