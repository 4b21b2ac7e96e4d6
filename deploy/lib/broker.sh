# shellcheck shell=bash
# Sourced by deploy/init: secrets, and the broker's users.

# settle_secrets: secrets of this machine's own services; each file belongs to its reader.
settle_secrets() {
  folder_of "$local/secrets" 0711 0
  random 32 | keep "$local/secrets/influxdb-setup-token" 0600 "$setup_uid"
  random 24 | keep "$local/secrets/influxdb-password" 0600 "$setup_uid"
  random 24 | keep "$local/secrets/grafana-password" 0600 "$grafana_uid"
  random 24 | keep "$local/secrets/http-token" 0600 "$recorder_uid"
}

# settle_broker: all passwords, mosquitto's hashes of them, and the ACL.
settle_broker() {
  local here_name kind each
  here_name=$(setting TICTALLY_NAME)
  folder_of "$local/secrets" 0711 0
  random 24 | keep "$local/secrets/recorder-$here_name-password" 0600 "$recorder_uid"
  random 24 | keep "$local/secrets/health-password" 0600 0
  for kind in edge hub; do
    for each in $(known "$kind"); do
      random 24 | keep "$local/secrets/$kind-$each-password" 0600 "$(reader_of "$kind" "$each" "$here_name")"
    done
  done
  # Options of mosquitto_sub for the broker's health check, in a file, so that no password is on a command line.
  folder_of "$local/mosquitto" 0700 "$broker_uid"
  printf '%s\n' "-u health" "-P $(cat "$local/secrets/health-password")" |
    put "$local/mosquitto/mosquitto_sub" 0600 "$broker_uid"
  for each in $(users); do user_line "$each"; done | put "$local/mosquitto/passwords" 0600 "$broker_uid"
  access | put "$local/mosquitto/acl" 0600 "$broker_uid"
  reload_broker
}

# reader_of KIND NAME HERE: uid that owns the password's file; root for a user on another machine.
reader_of() {
  if [[ $1 == edge && $2 == "$3" ]]; then echo "$edge_uid"; else echo 0; fi
}

# users: one per line, named after kind and name.
users() {
  local kind
  echo health
  echo "recorder-$(cat "$local/names/recorder")"
  for kind in edge hub; do known "$kind" | sed "s/^/$kind-/"; done
}

# user_line USER: its line of mosquitto's password file; the existing one if it matches the password.
#
# The scheme is a salted SHA-512, not the slow PBKDF2: slowness protects passwords that can be guessed, and these are 24
# random bytes. Any openssl can make it, where PBKDF2 needs Python or mosquitto's own program.
user_line() {
  local old salt password
  password=$(cat "$local/secrets/$1-password")
  old=$(grep -s "^$1:" "$local/mosquitto/passwords" || true)
  salt=$(printf '%s' "$old" | cut -d '$' -f 3)
  [[ -n $salt ]] || salt=$(openssl rand -base64 12)
  # shellcheck disable=SC2016 # the dollars are mosquitto's
  printf '%s:$6$%s$%s\n' "$1" "$salt" "$(salted "$password" "$salt")"
}

# salted PASSWORD SALT: base64 of SHA-512 over the password and the salt's bytes.
salted() {
  { printf '%s' "$1" && printf '%s' "$2" | openssl base64 -d -A; } | openssl dgst -sha512 -binary | openssl base64 -A
}

# reload_broker: a running broker reloads users and ACL; a stopped one reads them at its start.
reload_broker() {
  [[ $folder == "$here" ]] || return 0
  ! command -v docker >/dev/null || docker compose --file "$here/compose.yaml" kill --signal HUP mosquitto >/dev/null 2>&1 || true
}
