#!/bin/sh
# Installs lakekeeper-ingest from its releases. It needs no root and writes one file.
#
# POSIX sh; dash, bash and BusyBox run it in the tests. All of it is in functions that the last line
# calls, so that a script which was cut off on its way does nothing.
set -eu

# The release puts its own address here.
repository=''

usage() {
  cat <<'TEXT'
Install lakekeeper-ingest: download it, check its SHA-256, put it into a directory.

Usage: install.sh [--to DIR] [--version VERSION]

  --to DIR           where the executable goes; default ~/.local/bin
  --version VERSION  which release; default the newest
  --help             this text

Variables, each for the flag of the same meaning:
  LAKEKEEPER_INGEST_INSTALL_DIR      --to
  LAKEKEEPER_INGEST_INSTALL_VERSION  --version
  LAKEKEEPER_INGEST_INSTALL_URL      where the releases are, instead of the project's own:
                                     URL/download/vVERSION/FILE and URL/latest/download/FILE

There are executables for Linux with glibc and for macOS, on x86-64 and on 64-bit ARM. It takes curl
or wget, tar, and sha256sum, shasum or openssl.

Exit status: 0 installed, 1 not installed, 2 wrong command line.
TEXT
}

say() {
  printf '%s\n' "$*"
}

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

misuse() {
  printf 'install.sh: %s\nTry: install.sh --help\n' "$*" >&2
  exit 2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Prints the target triple of this machine.
target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) cpu=x86_64 ;;
    aarch64 | arm64) cpu=aarch64 ;;
    *) fail "there is no executable for the CPU \"$machine\": only for x86_64 and aarch64" ;;
  esac
  case $system in
    Linux)
      if is_musl; then
        fail "there is no executable for Linux with musl: it needs glibc;" \
          "a container image with glibc or the project's own image will do"
      fi
      say "$cpu-unknown-linux-gnu"
      ;;
    Darwin)
      # A translated shell on Apple's own CPU says x86_64.
      if [ "$cpu" = x86_64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
        cpu=aarch64
      fi
      say "$cpu-apple-darwin"
      ;;
    MINGW* | MSYS* | CYGWIN* | Windows*)
      fail "on Windows, unpack the .zip of the release instead"
      ;;
    *) fail "there is no executable for \"$system\": only for Linux, macOS and Windows" ;;
  esac
}

# glibc names itself; where it does not, a loader of musl counts.
is_musl() {
  if has getconf && getconf GNU_LIBC_VERSION >/dev/null 2>&1; then return 1; fi
  if has ldd; then
    case $(ldd --version 2>&1 || :) in
      *musl*) return 0 ;;
    esac
  fi
  for loader in /lib/ld-musl-*.so.1; do
    if [ -e "$loader" ]; then return 0; fi
  done
  return 1
}

# download URL FILE
download() {
  url=$1
  file=$2
  case $url in
    https://*) protocols='=https' ;;
    # A test or a mirror on this very machine.
    http://127.0.0.1[:/]* | http://localhost[:/]*) protocols='=http,https' ;;
    *) fail "will not download \"$url\": the address has to begin with https://" ;;
  esac
  if has curl; then
    curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" \
      --connect-timeout 30 --output "$file" "$url" || fail "cannot download \"$url\" (curl)"
  elif has wget; then
    # GNU's would try twenty times; BusyBox's has crashed on a time limit.
    case $(wget --version 2>/dev/null || :) in
      GNU*) set -- -q -t 2 -T 30 ;;
      *) set -- -q ;;
    esac
    wget "$@" -O "$file" "$url" || fail "cannot download \"$url\" (wget)"
  else
    fail "there is neither curl nor wget to download with"
  fi
}

sha256() {
  if has sha256sum; then
    sum=$(sha256sum <"$1")
  elif has shasum; then
    sum=$(shasum -a 256 <"$1")
  elif has openssl; then
    sum=$(openssl dgst -sha256 -r <"$1")
  else
    fail "there is neither sha256sum nor shasum nor openssl to check the download with"
  fi
  say "${sum%% *}"
}

# Prints "SHA256 NAME" of the archive for target $2 in the file of checksums $1.
archive_line() {
  while read -r sum name; do
    case $name in
      lakekeeper-ingest-*-"$2".tar.gz) say "$sum $name" ;;
    esac
  done <"$1"
}

clean_up() {
  if [ -n "${work:-}" ]; then rm -rf "$work"; fi
  if [ -n "${beside:-}" ]; then rm -f "$beside"; fi
}

main() {
  to=${LAKEKEEPER_INGEST_INSTALL_DIR:-}
  version=${LAKEKEEPER_INGEST_INSTALL_VERSION:-}
  base=${LAKEKEEPER_INGEST_INSTALL_URL:-${repository:+$repository/releases}}
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --to | --version)
        if [ -z "${2:-}" ]; then misuse "$1 needs a value"; fi
        if [ "$1" = --to ]; then to=$2; else version=$2; fi
        shift
        ;;
      --to=?*) to=${1#*=} ;;
      --version=?*) version=${1#*=} ;;
      *) misuse "unknown argument \"$1\"" ;;
    esac
    shift
  done
  version=${version#v}
  case $version in
    *[!0-9A-Za-z.+-]*) misuse "\"$version\" is no version" ;;
  esac
  if [ -z "$to" ]; then
    if [ -z "${HOME:-}" ]; then fail "there is no HOME: choose a directory with --to DIR"; fi
    to=$HOME/.local/bin
  fi
  if [ -z "$base" ]; then
    fail "this copy of the script comes from no release: use the one of a release," \
      "or give the address of the releases in LAKEKEEPER_INGEST_INSTALL_URL"
  fi
  base=${base%/}
  triple=$(target)
  if ! has tar; then fail "there is no tar to unpack with"; fi

  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  work=$(mktemp -d "${TMPDIR:-/tmp}/lakekeeper-ingest.XXXXXXXX") ||
    fail "cannot make a temporary directory"

  # The checksums name the archives, so they also tell the newest version.
  if [ -n "$version" ]; then from=$base/download/v$version; else from=$base/latest/download; fi
  download "$from/checksums.txt" "$work/checksums.txt"
  line=$(archive_line "$work/checksums.txt" "$triple")
  expected=${line%% *}
  archive=${line#* }
  if [ -z "$line" ]; then fail "the release at \"$from\" has no archive for $triple"; fi
  newest=${archive#lakekeeper-ingest-}
  newest=${newest%"-$triple.tar.gz"}
  if [ -z "$version" ]; then
    version=$newest
    # From here on by version: a newer release must not come in between.
    from=$base/download/v$version
  elif [ "$newest" != "$version" ]; then
    fail "the release at \"$from\" has version $newest"
  fi

  say "Downloading lakekeeper-ingest $version for $triple"
  download "$from/$archive" "$work/$archive"
  actual=$(sha256 "$work/$archive")
  if [ "$actual" != "$expected" ]; then
    fail "the download is not what the release has: SHA-256 $actual instead of $expected of" \
      "\"$from/$archive\"; nothing was installed"
  fi
  (cd "$work" && tar -xzf "$archive") || fail "cannot unpack \"$archive\""
  made=$work/${archive%.tar.gz}/lakekeeper-ingest
  "$made" --version >/dev/null 2>"$work/complaint" ||
    fail "the executable does not run on this machine; nothing was installed:" \
      "$(cat "$work/complaint")"

  # It becomes visible under its name in one step, also in the place of an older one that runs.
  mkdir -p "$to" || fail "cannot make the directory \"$to\""
  beside=$to/.lakekeeper-ingest.$$
  cp "$made" "$beside" || fail "cannot write into \"$to\""
  chmod 755 "$beside"
  mv -f "$beside" "$to/lakekeeper-ingest" || fail "cannot write \"$to/lakekeeper-ingest\""
  beside=
  say "Installed $to/lakekeeper-ingest ($version)"
  case :${PATH:-}: in
    *:"$to":*) ;;
    *)
      say "It is not on your PATH yet. For this shell, and in its start-up file for later ones:"
      say "  export PATH=\"$to:\$PATH\""
      ;;
  esac
}

main "$@"
