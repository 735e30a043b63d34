#!/bin/bash
# build.sh [report [--recorded] | test | check | ...]: installs what is missing
# (Debian 12) and makes what is asked for.  Without a word: the report.
set -euo pipefail
cd "$(dirname "$0")"

# package, or command=package where another package may give the command.
report="gcc=gcc make=make libc6-dev gnuplot=gnuplot-nox libcmark-dev duktape-dev
    libjs-katex fonts-katex fonts-cmu fonts-inconsolata libharfbuzz-bin woff2
    librsvg2-bin libjansson-dev libopenblas-dev liblapacke-dev
    zlib1g-dev dataset-fashion-mnist"
test="libcriterion-dev cmark"
check="clang clang-format clang-tidy libomp-dev valgrind git node=nodejs npm=npm
    java=default-jre-headless chromium poppler-utils"

# Is it there?  `command=package` or `package`.
there() {
    case $1 in
    *=*) command -v "${1%=*}" >/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed' ;;
    esac
}

# Installs the packages that are not there, or says which, and why it cannot.
need() {
    local missing=() package root=
    for package in "$@"; do
        there "$package" || missing+=("${package#*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "build.sh: needs what Debian calls ${missing[*]}; then: make" >&2
        exit 3
    fi
    if [ "$(id -u)" != 0 ]; then
        root=sudo
        if ! command -v sudo >/dev/null; then
            echo "build.sh: as root: apt-get install ${missing[*]}" >&2
            exit 3
        fi
    fi
    echo "install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get update -q >&2
    $root apt-get install -yq --no-install-recommends "${missing[@]}" >&2
}

goal=${1:-report}
case "$goal ${2:-}" in
"report --recorded") goal=recorded-report && shift ;;
"-h "* | "--help "*)
    echo "usage: build.sh [report [--recorded] | test | check | ...]"
    exec make --no-print-directory help ;;
-* | *" -"*)
    echo "usage: build.sh [report [--recorded] | test | check | ...]" >&2
    echo "'make help' lists what else there is to make" >&2
    exit 2 ;;
esac

# shellcheck disable=SC2086
case $goal in
test | reproduce) need $report $test ;;
check* | format | pdf | cover) need $report $test $check ;;
*) need $report ;;
esac
make -j "$(nproc)" "$goal" "${@:2}"
