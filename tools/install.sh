#!/bin/sh
# Makes .venv with everything this product needs from PyPI; says what it does; quick when nothing changed.
# Usage: sh tools/install.sh run|test
set -eu
cd "$(dirname "$0")/.."
part="$1"
stamp=".venv/.installed-$part"
wanted="$(cat setup.py | cksum)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/ivr-server ]; then
    exit 0
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

find_python() {
    for name in python3.11 python3.12 python3.13 python3.14 python3; do
        if command -v "$name" >/dev/null 2>&1 \
            && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or newer is needed and was not found; on Debian or Ubuntu: apt-get install python3" >&2
    return 1
}

# Debian's Python comes without pip and without the wheels that venv needs.
# As root they are installed; otherwise the wheel of pip is fetched and unpacked, which needs no rights.
make_venv() {
    rm -rf .venv
    if "$1" -c 'import ensurepip' >/dev/null 2>&1 && "$1" -m venv .venv >/dev/null 2>&1; then
        return
    fi
    rm -rf .venv
    version="$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    if as_root true >/dev/null 2>&1; then
        echo "  installing python$version-venv with apt-get"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv" >/dev/null
        "$1" -m venv .venv
        return
    fi
    echo "  this Python has no pip; fetching Debian's wheel of it (nothing is installed on the system)"
    fetched="$(mktemp -d)"
    if ! (cd "$fetched" && apt-get download -qq python3-pip-whl && dpkg-deb -x python3-pip-whl*.deb .) >/dev/null 2>&1; then
        echo "Python's venv module lacks pip, and it could not be fetched; ask the machine's owner for: apt-get install python$version-venv" >&2
        return 1
    fi
    "$1" -m venv --without-pip .venv
    wheel="$(ls "$fetched"/usr/share/python-wheels/pip-*.whl)"
    .venv/bin/python "$wheel/pip" install --quiet --no-index "$wheel"
    rm -rf "$fetched"
}

python="$(find_python)"
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "Making .venv with $("$python" --version)"
    make_venv "$python"
fi
case "$part" in
    run) extras="" ;;
    *) extras="[test,piper]" ;;
esac
echo "Installing the Python packages for \"make $part\" (a minute or two the first time)"
log=".venv/install-$part.log"
if ! .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -e ".$extras" >"$log" 2>&1; then
    echo "The packages could not be installed; the last lines of $log:" >&2
    tail -n 8 "$log" >&2
    exit 1
fi
echo "$wanted" >"$stamp"
echo "Installed."
