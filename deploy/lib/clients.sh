# shellcheck shell=bash
# Sourced by deploy/init: a folder with the files that an edge or hub on another machine needs, and instructions.

hand_over_edge() {
  local from=$local/clients/edge-$1 meter_of
  meter_of=$(cat "$local/names/edge/$1")
  hand_over "edge-$1" edge-password
  put "$from/edge.env" 0600 0 <<TEXT
# Settings of the edge, /etc/tictally/edge.env: NAME=value, one a line. docs/settings.md lists all of them.
TICTALLY_EDGE_PORT=/dev/serial/by-id/usb-FILL-IN
TICTALLY_EDGE_NAME=$1
$(is_number "$meter_of" || echo "TICTALLY_EDGE_METER=$meter_of")
TICTALLY_EDGE_MQTT_HOST=$(reachable_host)
TICTALLY_EDGE_MQTT_PORT=8883
TICTALLY_EDGE_MQTT_CA=/etc/tictally/ca.pem
TICTALLY_EDGE_MQTT_USERNAME=edge-$1
TICTALLY_EDGE_MQTT_PASSWORD_FILE=/etc/tictally/edge-password
TEXT
  cat <<TEXT
The edge $1 may write the topics of meter $meter_of, and of no other. It needs what is in
  $from
as /etc/tictally/edge.env (put the dongle's path in), /etc/tictally/edge-password and /etc/tictally/ca.pem, each mode 0640
and group tictally. docs/deploy.md has the commands. The same words again make the same files.
TEXT
}

hand_over_hub() {
  hand_over "hub-$1" password
  cat <<TEXT
The hub $1 may read everything but frames. In its MQTT settings:
  host      $(reachable_host), or $(setting TICTALLY_ADDRESS)
  port      8883, with TLS
  user      hub-$1
  password  the line in $local/clients/hub-$1/password
  CA        $local/clients/hub-$1/ca.pem
TEXT
}

# hand_over USER FILE: its password, under that name, and the CA's certificate.
hand_over() {
  folder_of "$local/clients" 0700 0
  folder_of "$local/clients/$1" 0700 0
  put "$local/clients/$1/$2" 0600 0 <"$local/secrets/$1-password"
  put "$local/clients/$1/ca.pem" 0644 0 <"$local/ca.pem"
}
