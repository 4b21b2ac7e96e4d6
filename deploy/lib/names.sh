# shellcheck shell=bash
# Sourced by deploy/init: who there is, in local/names. edge/NAME has the edge's meter, hub/NAME is empty, recorder has its
# name, sites has every meter there ever was: a site is called by its first meter for ever.

lower() {
  printf '%s' "$1" | tr '[:upper:]' '[:lower:]'
}

# key_of TEXT: what may stand in a topic.
key_of() {
  lower "$1" | tr -c 'a-z0-9-' '-' | cut -c 1-32
}

# free_key HOST: the name that the programs would give themselves on it, also where it is a word of topics.
free_key() {
  local key
  key=$(key_of "$1")
  if is_word "$key"; then echo "host-$key"; else echo "$key"; fi
}

# is_word NAME: it has a meaning in topics.
is_word() {
  [[ $1 == edge || $1 == site || $1 == recorder ]]
}

is_number() {
  [[ $1 =~ ^[0-9]{12}$ ]]
}

# check_name WHAT NAME: what the programs take for a name as well, and no word that has a meaning in topics.
check_name() {
  [[ $2 =~ ^[a-z0-9-]{1,32}$ ]] || die "$1 \"$2\" is not 1 to 32 small letters, digits and hyphens"
  ! is_word "$2" || die "$1 cannot be \"$2\": the word has a meaning in topics"
}

# check_meter WHAT KEY: a meter's number or a key that stands for it; never the number of a delivery point, which names a
# household and would stand in topics.
check_meter() {
  [[ ! $2 =~ ^[0-9]{14}$ ]] ||
    die "$1: 14 digits are the number of a delivery point (PRM); the meter's own number has 12, on its display"
  [[ ! $2 =~ ^[0-9]+$ ]] || is_number "$2" || die "$1: \"$2\" has ${#2} digits, and a meter's number has 12"
  check_name "$1" "$2"
}

# check_no_other_has EDGE METER
check_no_other_has() {
  local other
  for other in $(known edge); do
    [[ $other == "$1" || $(cat "$local/names/edge/$other") != "$2" ]] ||
      die "--meter: $2 is the meter of the edge $other (deploy/init remove edge $other)"
  done
}

# known KIND: the names there are, one a line; not what a run that was killed had begun to write.
known() {
  local path
  for path in "$local/names/$1"/*; do
    [[ ! -e $path || $path == *.new ]] || echo "${path##*/}"
  done
}

# sites: what a site may be called, one a line.
sites() {
  cat "$local/names/sites" 2>/dev/null || true
}

# settle_name FILE TEXT
settle_name() {
  folder_of "$local/names" 0700 0
  folder_of "$(dirname "$local/names/$1")" 0700 0
  put "$local/names/$1" 0600 0 <<<"$2"
}

# settle_site KEY: one more that a site may be called.
settle_site() {
  check_meter "the site" "$1"
  settle_name sites "$({ sites && echo "$1"; } | LC_ALL=C sort -u)"
}

# settle_edge NAME METER: no METER: the one it has.
settle_edge() {
  local given=$2
  [[ -n $given ]] || given=$(cat "$local/names/edge/$1")
  check_meter --meter "$given"
  check_no_other_has "$1" "$given"
  settle_name "edge/$1" "$given"
  settle_site "$given"
}
