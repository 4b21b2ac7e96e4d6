# shellcheck shell=bash
# Sourced by deploy/init: a small certificate authority of this box's own, and the broker's certificate by it.

ca_days=7300
server_days=1826
# It is renewed whenever deploy/init runs this near to its end: each upgrade does, and once a year is enough.
renew_within_s=$((550 * 86400))

settle_certificates() {
  folder_of "$local/ca" 0700 0
  folder_of "$local/mosquitto" 0700 "$broker_uid"
  [[ -s $local/ca/ca.key ]] || new_key | put "$local/ca/ca.key" 0600 0
  [[ -s $local/ca.pem ]] || new_authority | put "$local/ca.pem" 0644 0
  [[ -s $local/mosquitto/server.key ]] || new_key | put "$local/mosquitto/server.key" 0600 "$broker_uid"
  is_server_good || new_server | put "$local/mosquitto/server.pem" 0600 "$broker_uid"
}

new_key() {
  openssl ecparam -name prime256v1 -genkey -noout
}

# alternative_names: under which clients may call the broker, as openssl writes them.
alternative_names() {
  local other
  other=$(reachable_host)
  [[ $other != "$host" ]] || other=''
  printf 'DNS:%s, %sIP Address:%s' "$host" "${other:+DNS:$other, }" "$(setting TICTALLY_ADDRESS)"
}

# is_server_good: it is by this authority, far from its end, and has the names that it should.
is_server_good() {
  local pem=$local/mosquitto/server.pem
  [[ -s $pem ]] &&
    openssl verify -CAfile "$local/ca.pem" "$pem" >/dev/null 2>&1 &&
    openssl x509 -in "$pem" -noout -checkend "$renew_within_s" >/dev/null &&
    openssl x509 -in "$pem" -noout -ext subjectAltName | grep -qxF "    $(alternative_names)"
}

new_authority() {
  openssl req -x509 -new -sha256 -key "$local/ca/ca.key" -days "$ca_days" -config <(authority_form)
}

new_server() {
  openssl req -new -sha256 -key "$local/mosquitto/server.key" -config <(server_form) |
    openssl x509 -req -sha256 -days "$server_days" -CA "$local/ca.pem" -CAkey "$local/ca/ca.key" \
      -set_serial "0x$(random 8)" -extfile <(server_form) -extensions extensions 2>/dev/null
}

authority_form() {
  cat <<FORM
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = tictally authority of ${host:0:30}
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
FORM
}

server_form() {
  cat <<FORM
[req]
distinguished_name = name
prompt = no
[name]
CN = ${host:0:60}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $(alternative_names | sed 's/IP Address:/IP:/')
FORM
}
