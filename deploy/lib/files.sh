# shellcheck shell=bash
# Sourced by deploy/init: files and folders of a given owner and mode; one that is right already is not touched.

# Who a container runs as, the same numbers as in compose.yaml. 1883 and 472 are those of the images of mosquitto and Grafana.
broker_uid=1883
recorder_uid=10883
edge_uid=10884
setup_uid=10885
grafana_uid=472
keep_owner=

# die SENTENCE…: wrong use, as exit code 2 everywhere.
die() {
  printf '%s\n' "$@" >&2
  exit 2
}

# own PATH MODE UID
own() {
  [[ -n $keep_owner ]] || chown "$3:$3" "$1"
  chmod "$2" "$1"
}

# folder_of FOLDER MODE UID
folder_of() {
  mkdir -p "$1"
  own "$@"
}

# put FILE MODE UID: standard input becomes the file's content; by rename, so that nobody reads half of it.
put() {
  local new=$1.new
  cat >"$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
  own "$@"
}

# keep FILE MODE UID: standard input becomes the content of a file that does not exist yet.
keep() {
  [[ -s $1 ]] && cat >/dev/null && own "$@" && return
  put "$@"
}

# random BYTES: as hexadecimal digits, safe in every file and on every command line.
random() {
  openssl rand -hex "$1"
}
