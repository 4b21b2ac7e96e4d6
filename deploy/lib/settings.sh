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

# set_to KEY VALUE: in .env; other lines, also the user's own, stay as they are.
set_to() {
  local line is_there=''
  # What Compose would take for a comment, a quotation or a variable.
  [[ $2 =~ ^[]A-Za-z0-9_.,:/?=\&@%+~\[-]*$ ]] || die "$2: there are characters in it that .env cannot keep"
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

settle_settings() {
  keep "$folder/.env" 0644 0 <<<"# Settings of deploy/compose.yaml, created by deploy/init; no secrets. Add your own here."
  settle_host
  settle_address
  settle_device
  settle_meter
  settle_profiles
}

settle_host() {
  [[ -n $host ]] || host=$(setting TICTALLY_HOST)
  [[ -n $host ]] || host=$(ask "this box's name, as others call it" "$(hostname)" --host)
  host=$(lower "${host%.local}")
  [[ $host =~ ^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$ ]] || die "--host: \"$host\" is no name of a host"
  set_to TICTALLY_HOST "$host"
  # Topics and ledger know this box by it: it stays when the host is called otherwise.
  is_set TICTALLY_NAME || set_to TICTALLY_NAME "$(free_key "${host%%.*}")"
}

# reachable_host: the name by which others reach this machine; without a domain its mDNS name.
reachable_host() {
  if [[ $host == *.* ]]; then echo "$host"; else echo "$host.local"; fi
}

settle_address() {
  [[ -n $address ]] || address=$(setting TICTALLY_ADDRESS)
  [[ -n $address ]] || address=$(own_address)
  [[ $address =~ ^([0-9]{1,3}\.){3}[0-9]{1,3}$ ]] || die "--address: give this machine's IPv4 address in the LAN"
  set_to TICTALLY_ADDRESS "$address"
}

# own_address: source address of the default route; empty if there is none.
own_address() {
  { ip -4 route get 192.0.2.1 || true; } 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}

settle_device() {
  if [[ -z $device ]]; then
    ! is_set TICTALLY_EDGE_PORT || return 0
    device=$(ask "the dongle's path, or none" "$(only_dongle)" --device)
  fi
  case $device in
    none) device='' ;;
    /dev/*)
      set_to TICTALLY_DEVICE_GROUP "$(group_of "$device")"
      device=/host$device # where compose.yaml shows this box's /dev to the edge
      ;;
    sim:* | socket://* | rfc2217://*) ;;
    *) die "--device: \"$device\" is neither none nor begins with /dev/, socket://, rfc2217:// or sim:" ;;
  esac
  set_to TICTALLY_EDGE_PORT "$device"
}

only_dongle() {
  local found=(/dev/serial/by-id/*)
  if ((${#found[@]} == 1)) && [[ -e ${found[0]} ]]; then printf '%s' "${found[0]}"; else printf none; fi
}

# group_of DEVICE: the number of the group that may open it, while it is plugged in; else that of dialout.
group_of() {
  stat -L -c %g "$1" 2>/dev/null || sed -n 's/^dialout:[^:]*:\([0-9]*\):.*/\1/p' /etc/group | grep . || echo 20
}

# settle_meter: the meter of the edge on this machine, if any. A number is read from the line; an alias is a setting.
settle_meter() {
  local known
  known=$local/names/edge/$(setting TICTALLY_NAME)
  if [[ -z $(setting TICTALLY_EDGE_PORT) ]]; then
    [[ -z $meter ]] || die "--meter: there is no edge on this machine (--device none)"
    return
  fi
  [[ -n $meter ]] || meter=$(cat "$known" 2>/dev/null) || meter=$(ask "the meter's number, or a key that stands for it" "" --meter)
  check_name "the meter" "$meter"
  if is_number "$meter"; then set_to TICTALLY_EDGE_METER ''; else set_to TICTALLY_EDGE_METER "$meter"; fi
}

settle_profiles() {
  local profiles=grafana
  if is_set COMPOSE_PROFILES && [[ $(setting COMPOSE_PROFILES) != *grafana* ]]; then profiles=''; fi
  [[ $grafana != no ]] || profiles=''
  [[ -z $(setting TICTALLY_EDGE_PORT) ]] || profiles=${profiles:+$profiles,}edge
  set_to COMPOSE_PROFILES "$profiles"
}

# need_box: a name can be added once this box itself is known.
need_box() {
  is_set TICTALLY_HOST || die "this machine is not set up yet: run deploy/init first, without arguments"
  host=$(setting TICTALLY_HOST)
}
