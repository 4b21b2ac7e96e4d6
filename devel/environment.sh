# Sourced by ./run: creates .venv from uv.lock, provides a mosquitto, or uv alone. Deleting .venv and .venv-uv resets all.
# shellcheck shell=bash

# A variable of the caller's shell must not send uv, pip or Python elsewhere.
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT PYTHONPATH PYTHONHOME
# Without compiled files every process of the tests compiles again what it imports.
unset PYTHONDONTWRITEBYTECODE
venv=$PWD/.venv
uv_home=$PWD/.venv-uv
mosquitto_home=$venv/mosquitto
# Debian puts mosquitto into /usr/sbin, which is on no ordinary user's PATH.
export PATH=$venv/bin:$mosquitto_home/bin:$PATH:$uv_home/bin:/usr/local/sbin:/usr/sbin

# uv has certificates of its own; that of a network's proxy is among the system's.
[[ ! -s /etc/ssl/certs/ca-certificates.crt ]] || export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

log() {
  printf '%s\n' "$*" >&2
}

# need_environment: .venv in step with uv.lock; without network and work where it already is.
need_environment() {
  local stamp=$venv/.tictally-stamp wanted
  wanted=$PWD$'\n'$(cat uv.lock pyproject.toml ./*/pyproject.toml | cksum)
  [[ -x $venv/bin/python && $(cat "$stamp" 2>/dev/null) == "$wanted" ]] && return
  # Programs in a virtual environment contain its path: a moved or copied one is unusable.
  [[ -e $stamp && $(head -n 1 "$stamp") != "$PWD" ]] && rm -rf "$venv"
  log "setting up .venv (a minute, the first time) …"
  command -v uv >/dev/null || install_uv "$venv"
  uv sync --frozen --quiet || die "uv could not build .venv from uv.lock; its output is above"
  printf '%s\n' "$wanted" >"$stamp"
}

# need_uv: uv alone, for building: 60 MB where all tools of a developer are 630 MB.
need_uv() {
  command -v uv >/dev/null && return
  log "installing uv into .venv-uv …"
  install_uv "$uv_home"
}

# install_uv FOLDER: a virtual environment with the version of uv that the lock has.
install_uv() {
  local version
  command -v python3 >/dev/null || die "python3 is missing: tictally needs Python 3.11 or newer"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "this is $(python3 --version), tictally needs Python 3.11 or newer"
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_python3_venv
  python3 -m venv --clear "$1" || die "python3 could not make a virtual environment in $1"
  version=$(sed -n '/^name = "uv"$/{n;s/^version = "\(.*\)"$/\1/p;}' uv.lock)
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$version" ||
    die "uv could not be installed from the package index; pip's output is above"
  hash -r
}

install_python3_venv() {
  command -v apt-get >/dev/null || die "python3 lacks its venv module: install your system's package for it"
  ((EUID == 0)) || die "python3 lacks its venv module: sudo apt-get install python3-venv"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv; } >/dev/null ||
    die "python3-venv could not be installed; apt-get's output is above"
}

# need_mosquitto: mosquitto on PATH; root installs the package, other users unpack it into .venv.
need_mosquitto() {
  command -v mosquitto >/dev/null && return
  command -v apt-get >/dev/null ||
    die "mosquitto is missing: install the MQTT broker mosquitto 2 with your system's package manager"
  if ((EUID == 0)) && install_mosquitto; then
    hash -r
    return
  fi
  log "unpacking mosquitto into .venv …"
  if ! devel/fetch-mosquitto "$mosquitto_home" >"$venv/mosquitto.log" 2>&1; then
    die "$(tail -n 5 "$venv/mosquitto.log")" "mosquitto is missing and could not be fetched: sudo apt-get install mosquitto"
  fi
  hash -r
}

# install_mosquitto: Debian's package, without starting its service on port 1883 now or at boot.
install_mosquitto() {
  local policy=/usr/sbin/policy-rc.d ours=0 status=0
  log "installing mosquitto …"
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=1
  fi
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends mosquitto; } \
    >"$venv/mosquitto.log" 2>&1 || status=1
  ((ours)) && rm -f "$policy"
  ((status)) || ! command -v systemctl >/dev/null || systemctl disable --quiet mosquitto >>"$venv/mosquitto.log" 2>&1 || true
  return "$status"
}

# find_faketime: where the library that shifts clocks lies, if it is installed.
find_faketime() {
  local found
  for found in /usr/lib/*/faketime /usr/lib{,64}/faketime /usr/local/lib/faketime; do
    [[ ! -e $found/libfaketimeMT.so.1 ]] || { printf '%s\n' "$found/libfaketimeMT.so.1" && return; }
  done
  return 1
}

# need_faketime: that library; root installs it.
need_faketime() {
  find_faketime >/dev/null && return
  command -v apt-get >/dev/null || die "libfaketime is missing: install it with your system's package manager"
  ((EUID == 0)) || die "libfaketime is missing: sudo apt-get install libfaketime"
  log "installing libfaketime …"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y libfaketime; } >"$venv/faketime.log" 2>&1 ||
    die "$(tail -n 5 "$venv/faketime.log")" "libfaketime could not be installed"
}

# shift_clock DATE: puts into the array `clock` what a command is run with for its clock to start at that date.
shift_clock() {
  local variables
  need_faketime
  variables=$(python -m devel.shifted_clock "$(find_faketime)" "$1") || exit
  mapfile -t clock <<<"$variables"
  clock=(env "${clock[@]}")
  "${clock[@]}" python -c 'import time; time.sleep(0.001)' || die "--at: Python does not run with libfaketime"
  log "the clock starts at $("${clock[@]}" date '+%F %T %:z')"
}
