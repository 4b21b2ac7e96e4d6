# shellcheck shell=bash
# Sourced by deploy/init: what each user of the broker may do, as a file for mosquitto. What is not allowed is refused.
#
# What mosquitto's rules cannot say, and what is done instead:
# - A wildcard stands for a whole level, so "tictally_*" does not exist: every device's topic is written out.
# - A subscription is never refused, only what would be delivered by it: a client does not learn that it may not read.
# - A rule names topics, not client ids: whoever has a password can put out a client whose id it knows. A recorder's id is
#   random, and nothing is lost by it: frames are numbered, and asked for again.

# access: the whole file.
access() {
  local each
  echo "# Made by deploy/init, which would undo what is changed here."
  rules health "read \$SYS/broker/uptime"
  recorder_rules "$(cat "$local/names/recorder")"
  for each in $(known edge); do edge_rules "$each" "$(cat "$local/names/edge/$each")"; done
  for each in $(known hub); do hub_rules "$each"; done
}

# rules USER RULE…
rules() {
  printf '\nuser %s\n' "$1"
  printf 'topic %s\n' "${@:2}"
}

# edge_rules NAME METER: an edge reads back what it left retained, and clears what is no longer.
edge_rules() {
  rules "edge-$1" \
    "readwrite tictally/$2/+" \
    "readwrite tictally/$2/+/time" \
    "write tictally/edge/$1/frame" \
    "readwrite tictally/edge/$1/availability" \
    "readwrite tictally/edge/$1/health" \
    "read tictally/edge/$1/resend" \
    "readwrite homeassistant/device/tictally_$2/config" \
    "readwrite homeassistant/device/tictally_edge_$1/config" \
    "read homeassistant/status"
}

recorder_rules() {
  local site rest=()
  for site in $(sites); do
    rest+=("readwrite homeassistant/device/tictally_site_$site/config")
  done
  rules "recorder-$1" \
    "read tictally/+/availability" \
    "read tictally/edge/+/frame" \
    "read tictally/edge/+/availability" \
    "read tictally/edge/+/health" \
    "write tictally/edge/+/resend" \
    "readwrite tictally/site/+/#" \
    "readwrite tictally/recorder/$1/availability" \
    "readwrite tictally/recorder/$1/health" \
    "readwrite homeassistant/device/tictally_recorder_$1/config" \
    "${rest[@]}" \
    "read homeassistant/status"
}

# hub_rules NAME: everything but frames and requests, and of discovery only what there is.
hub_rules() {
  local rest=() each
  for each in $(devices); do rest+=("read homeassistant/device/$each/config"); done
  rules "hub-$1" \
    "read tictally/+/+" \
    "read tictally/+/+/time" \
    "read tictally/edge/+/availability" \
    "read tictally/edge/+/health" \
    "read tictally/site/+/#" \
    "read tictally/recorder/+/availability" \
    "read tictally/recorder/+/health" \
    "${rest[@]}" \
    "readwrite homeassistant/status"
}

# devices: every device that may be announced.
devices() {
  local each
  echo "tictally_recorder_$(cat "$local/names/recorder")"
  for each in $(known edge); do printf '%s\n' "tictally_edge_$each" "tictally_$(cat "$local/names/edge/$each")"; done
  sites | sed 's/^/tictally_site_/'
}
