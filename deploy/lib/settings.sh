# shellcheck shell=bash
# Sourced by deploy/init: .env beside compose.yaml, which has no secrets. What stands there is kept; an option changes its line.

# is_set KEY: it has a line in .env, also an empty one.
is_set() {
  grep -qs "^$1=" "$folder/.env"
}

# setting KEY: its value in .env, or nothing.
setting() {
  [[ ! -e $folder/.env ]] || sed -n "s/^$1=//p" "$folder/.env"
}

# check_value WHAT VALUE: nothing that Compose would take for a comment, a quotation or a variable.
check_value() {
  [[ $2 =~ ^[]A-Za-z0-9_.,:/?=\&@%+~\[-]*$ ]] || die "$1: \"$2\" has characters that .env cannot keep"
}

# set_to KEY VALUE: in .env; other lines, also the user's own, stay as they are.
set_to() {
  local line is_there=''
  check_value "$1" "$2"
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line != "$1="* ]] || { line=$1=$2 && is_there=yes; }
    printf '%s\n' "$line"
  done <"$folder/.env" >"$folder/.env.changed"
  [[ -n $is_there ]] || printf '%s=%s\n' "$1" "$2" >>"$folder/.env.changed"
  put "$folder/.env" 0644 0 <"$folder/.env.changed"
  rm "$folder/.env.changed"
}

# ask QUESTION DEFAULT OPTION: an answer from the terminal.
ask() {
  local answer
  [[ -t 0 ]] || die "$3 is missing, and there is no terminal to ask on"
  read -r -p "$1${2:+ [$2]}: " answer
  printf '%s' "${answer:-$2}"
}

# decide_settings: everything is asked and checked here, before anything is written: what is wrong leaves nothing behind.
decide_settings() {
  decide_host
  decide_address
  decide_device
  decide_meter
  sensor_topics >/dev/null
}

# sensor_topics: those of the house that the recorder may read, a line each; none without their settings.
sensor_topics() {
  sensor_topic TICTALLY_WEATHER_TOPIC
  sensor_topic TICTALLY_PRODUCTION_TOPIC
}

# sensor_topic NAME: the one of a setting. A wildcard would let the recorder read more than that, and a line of the ACL
# ends where the topic does.
sensor_topic() {
  local name=$1 topic
  topic=$(setting "$name")
  # As Compose reads it.
  if [[ $topic == \"*\" || $topic == \'*\' ]]; then topic=${topic:1:-1}; fi
  [[ $topic != *[[:cntrl:]+#\"\']* && $topic != \$* && ${#topic} -le 200 ]] ||
    die "$folder/.env: $name is not one topic, such as zigbee2mqtt/garden, without wildcards"
  [[ -z $topic ]] || printf '%s\n' "$topic"
}

settle_settings() {
  keep "$folder/.env" 0644 0 <<<"# Settings of deploy/compose.yaml, created by deploy/init; no secrets. Add your own here."
  set_to TICTALLY_HOST "$host"
  set_to TICTALLY_NAME "$box_name"
  set_to TICTALLY_ADDRESS "$address"
  [[ $device != /host/dev/* || -z $device_group ]] || set_to TICTALLY_DEVICE_GROUP "$device_group"
  set_to TICTALLY_EDGE_PORT "$device"
  [[ -z $device ]] || if is_number "$meter"; then set_to TICTALLY_EDGE_METER ''; else set_to TICTALLY_EDGE_METER "$meter"; fi
  settle_profiles
}

decide_host() {
  [[ -n $host ]] || host=$(setting TICTALLY_HOST)
  [[ -n $host ]] || host=$(ask "this box's name, as others call it" "$(hostname)" --host)
  host=$(lower "${host%.local}")
  [[ ${#host} -le 253 && $host =~ ^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
    die "--host: \"$host\" is not the name of a host, such as nas or nas.lan"
  [[ ! $host =~ ^[0-9.]+$ ]] || die "--host: \"$host\" is an address; give a name, and the address by --address"
  # Topics and ledger know this box by it: it stays when the host is called otherwise.
  box_name=$(setting TICTALLY_NAME)
  [[ -n $box_name ]] || box_name=$(free_key "${host%%.*}")
}

# reachable_host: the name by which others reach this machine; without a domain its mDNS name.
reachable_host() {
  if [[ $host == *.* ]]; then echo "$host"; else echo "$host.local"; fi
}

decide_address() {
  [[ -n $address ]] || address=$(setting TICTALLY_ADDRESS)
  [[ -n $address ]] || address=$(own_address)
  [[ -n $address ]] || die "--address is missing, and this machine has no route to a network that would show it"
  is_address "$address" || die "--address: \"$address\" is not an IPv4 address of this machine, such as 192.168.1.20"
}

# is_address TEXT: an IPv4 address that a machine can have; not "any", a broadcast or a multicast one.
is_address() {
  local octet
  [[ $1 =~ ^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}$ ]] || return 1
  for octet in ${1//./ }; do ((octet <= 255)) || return 1; done
  ((${1%%.*} > 0 && ${1%%.*} < 224))
}

# own_address: source address of the default route; empty if there is none.
own_address() {
  { ip -4 route get 192.0.2.1 || true; } 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}

# decide_device: `device` as the edge will see it, and the group that may open it.
decide_device() {
  device_group=''
  if [[ -z $device ]]; then
    if is_set TICTALLY_EDGE_PORT; then
      device=$(setting TICTALLY_EDGE_PORT)
      return
    fi
    device=$(ask "the dongle's path, or none" "$(only_dongle)" --device)
  fi
  check_value --device "$device"
  case $device in
    none) device='' ;;
    /dev/*)
      [[ -c $device ]] || [[ ! -e $device ]] || die "--device: $device is not a device, but a file or folder"
      device_group=$(group_of "$device")
      device=/host$device # where compose.yaml shows this box's /dev to the edge
      ;;
    sim:* | socket://* | rfc2217://*) ;;
    *) die "--device: \"$device\" is neither none nor begins with /dev/, socket://, rfc2217:// or sim:" ;;
  esac
}

only_dongle() {
  local found=(/dev/serial/by-id/*)
  if ((${#found[@]} == 1)) && [[ -e ${found[0]} ]]; then printf '%s' "${found[0]}"; else printf none; fi
}

# group_of DEVICE: the number of the group that may open it, while it is plugged in; else that of dialout.
group_of() {
  stat -L -c %g "$1" 2>/dev/null || sed -n 's/^dialout:[^:]*:\([0-9]*\):.*/\1/p' /etc/group | grep . || echo 20
}

# decide_meter: the meter of the edge on this machine, if any. A number is read from the line; an alias is a setting.
decide_meter() {
  local known
  known=$local/names/edge/$box_name
  if [[ -z $device ]]; then
    [[ -z $meter ]] || die "--meter: there is no edge on this machine (--device none)"
    return
  fi
  [[ -n $meter ]] || meter=$(cat "$known" 2>/dev/null) || meter=$(ask "the meter's number, or a key that stands for it" "" --meter)
  check_meter --meter "$meter"
  check_no_other_has "$box_name" "$meter"
}

settle_profiles() {
  local profiles=grafana
  if is_set COMPOSE_PROFILES && [[ $(setting COMPOSE_PROFILES) != *grafana* ]]; then profiles=''; fi
  [[ $grafana != no ]] || profiles=''
  [[ -z $device ]] || profiles=${profiles:+$profiles,}edge
  set_to COMPOSE_PROFILES "$profiles"
}

# need_box: a name can be added once this box itself is known.
need_box() {
  is_set TICTALLY_HOST || die "this machine is not set up yet: run deploy/init first, without arguments"
  host=$(setting TICTALLY_HOST)
  sensor_topics >/dev/null
}

# Settings that compose.yaml fixes for the containers, by where the user may set the same.
fixed_settings() {
  cat <<'NAMES'
TICTALLY_LEDGER
TICTALLY_CONTRACTS
TICTALLY_TARIFFS
TICTALLY_STATE
TICTALLY_BACKUP TICTALLY_BACKUP_FOLDER
TICTALLY_BASE_TOPIC
TICTALLY_HTTP_HOST TICTALLY_PAGE_ADDRESS
TICTALLY_HTTP_PORT TICTALLY_PAGE_PORT
TICTALLY_HTTP_TOKEN_FILE
TICTALLY_INFLUXDB_URL
TICTALLY_INFLUXDB_ORG
TICTALLY_INFLUXDB_TOKEN_FILE
TICTALLY_MQTT_HOST
TICTALLY_MQTT_PORT TICTALLY_BROKER_PORT
TICTALLY_MQTT_CA
TICTALLY_MQTT_USERNAME
TICTALLY_MQTT_PASSWORD_FILE
TICTALLY_EDGE_NAME TICTALLY_NAME
TICTALLY_EDGE_JOURNAL
TICTALLY_EDGE_STATE
TICTALLY_EDGE_BASE_TOPIC
TICTALLY_EDGE_MQTT_HOST
TICTALLY_EDGE_MQTT_PORT
TICTALLY_EDGE_MQTT_CA
TICTALLY_EDGE_MQTT_USERNAME
TICTALLY_EDGE_MQTT_PASSWORD_FILE
NAMES
}

# report_fixed: a sentence for each line of .env that reaches no container.
report_fixed() {
  local name instead
  while read -r name instead; do
    [[ -z $(setting "$name") ]] ||
      printf '%s\n' "$folder/.env: $name has no effect, compose.yaml sets it${instead:+; set $instead instead}" >&2
  done < <(fixed_settings)
}
