#!/bin/sh
# Installs hotdesk on a Linux machine, and keeps it installed: run it again, and what is as it should be stays.
#
#   install.sh agent --controller wss://HOST[:PORT] --token TOKEN    the agent of an office; all of it comes from the controller
#   install.sh controller                                            from the folder that this file is in, as built
#   install.sh upgrade                                               the agent, from its controller
#   install.sh uninstall [--purge]                                   what was installed; with --purge its data, too
#
#   --dry-run        says what would be done, and does nothing
#   --prefix DIR     below which programs go; where this file was installed, else /usr/local
#   --listen ADDR    of an agent: the address for phones; every IPv4 address of this machine unless set
#   --allow-plain    of an agent: ws:// to a controller that is not on this machine
#   DESTDIR=DIR      in the environment: everything goes below DIR, nothing is started, no user is made
#
# What comes from the controller is believed because of its key: the token has the key's pin, curl holds the
# connection to it, the manifest's hashes hold the files to the manifest, and its signature holds the manifest to the
# key that signs every later upgrade.
#
# Exit: 0 done, 1 it failed, 2 the command line is wrong.

set -eu
umask 022

oldest_node=20.19
prefix=/usr/local
destdir=${DESTDIR:-}
dry=
controller=
token=
listen=
plain=
purge=
work=
changed=0

# --- words -----------------------------------------------------------------

say() { printf '%s\n' "$*"; }

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

misused() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 2
}

# Says a step; true when it is to be done.
step() {
  changed=$((changed + 1))
  if [ -n "$dry" ]; then
    say "would $*"
    return 1
  fi
  say "$*"
}

leave() { [ -z "$work" ] || rm -rf "$work"; }
trap leave EXIT
trap 'exit 1' HUP INT TERM

# --- files -----------------------------------------------------------------

sha256_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# put FILE TARGET MODE: the file's content, unless it is there already.
put() {
  if [ -f "$destdir$2" ] && cmp -s "$1" "$destdir$2"; then return 0; fi
  step "write $2" || return 0
  mkdir -p "$(dirname "$destdir$2")"
  # Beside, then renamed: a program that runs keeps the file it has.
  cp "$1" "$destdir$2.new"
  chmod "$3" "$destdir$2.new"
  mv "$destdir$2.new" "$destdir$2"
}

# take TARGET: away with it, if it is there.
take() {
  if [ ! -e "$destdir$1" ]; then return 0; fi
  step "remove $1" || return 0
  rm -rf "$destdir$1"
}

has() { command -v "$1" >/dev/null 2>&1; }

# True where a service can be started: this is not an image in the making, and systemd runs.
may_start() { [ -z "$destdir" ] && [ -d /run/systemd/system ]; }

root_needed() {
  [ -n "$destdir" ] || [ -n "$dry" ] || [ "$(id -u)" = 0 ] ||
    fail "this needs root: put sudo before sh, or set DESTDIR"
}

user_needed() {
  [ -z "$destdir" ] || return 0
  if ! getent_user "$1"; then
    step "make the system user $1" || return 0
    if has useradd; then
      useradd --system --user-group --home-dir "$2" --no-create-home --shell /usr/sbin/nologin "$1"
    else
      # busybox: the group first, or -G finds none.
      addgroup -S "$1" 2>/dev/null || true
      adduser -S -D -H -h "$2" -s /sbin/nologin -G "$1" "$1"
    fi
  fi
}

getent_user() { grep -q "^$1:" /etc/passwd; }

# folder_needed DIR USER
folder_needed() {
  if [ -d "$destdir$1" ]; then return 0; fi
  step "make $1" || return 0
  mkdir -p "$destdir$1"
  chmod 0700 "$destdir$1"
  [ -n "$destdir" ] || chown "$2:$2" "$1"
}

# as_user USER COMMAND...
as_user() {
  who=$1
  shift
  if [ -n "$destdir" ] || [ "$(id -un)" = "$who" ]; then
    "$@"
  elif has runuser; then
    runuser -u "$who" -- "$@"
  elif has setpriv && setpriv --help 2>&1 | grep -q -e --reuid; then
    setpriv --reuid "$who" --regid "$who" --clear-groups "$@"
  else
    # su takes one line; nothing in it comes from outside but what was checked.
    su -s /bin/sh "$who" -c "$*"
  fi
}

# --- the controller, from afar ---------------------------------------------

# The proxy, as the service is told of it: the environment's stands above the file's, and goes into one that names none.
proxy_names='https_proxy HTTPS_PROXY no_proxy NO_PROXY'

proxy_in() { sed -n "s/^$1=[\"']\{0,1\}\(.*[^\"']\)[\"']\{0,1\}\$/\1/p" "$destdir/etc/default/$name" 2>/dev/null | tail -n 1; }

read_proxy() {
  if [ -n "${https_proxy:-}${HTTPS_PROXY:-}" ]; then return 0; fi
  for each in $proxy_names; do
    value=$(proxy_in "$each")
    [ -z "$value" ] || export "$each=$value"
  done
}

keep_proxy() {
  file=$destdir/etc/default/$name
  if [ -n "$(proxy_in https_proxy)$(proxy_in HTTPS_PROXY)" ] || [ -z "${https_proxy:-}${HTTPS_PROXY:-}" ]; then return 0; fi
  step "write the proxy into /etc/default/$name" || return 0
  mkdir -p "${file%/*}"
  # A password may be in it.
  (umask 077 && touch "$file")
  chmod go= "$file"
  [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
  for each in $proxy_names; do
    eval "value=\${$each:-}"
    [ -z "$value" ] || printf '%s=%s\n' "$each" "$value" >>"$file"
  done
}

# What curl says of it, without a proxy's password.
why() { sed 's|//.*@|//|' "$work/said"; }

# fetch PATH FILE: what the controller has there. Says exactly what is wrong.
fetch() {
  set -- "$1" "$2" --silent --show-error --fail --connect-timeout 10 --max-time 600 --output "$2" "$origin$1"
  path=$1
  shift 2
  case $origin in
    https://*) set -- --insecure --pinnedpubkey "$pins" "$@" ;;
  esac
  code=0
  via=$(curl -q --dump-header "$work/head" --write-out '%{http_connect}' "$@" 2>"$work/said") || code=$?
  case $via in
    '' | 000 | 2??) ;;
    407) fail "proxy: it wants another name and password: HTTPS_PROXY=http://user:password@host:port" ;;
    *) fail "proxy: it does not let this machine to $host (it answers $via)" ;;
  esac
  case $code in
    0) return 0 ;;
    6) fail "DNS: $host is not known here; check the name and /etc/resolv.conf" ;;
    7) fail "port blocked: nothing answers at $host; check that the controller runs and that firewalls let TCP to it pass ($(why))" ;;
    22) return 22 ;; # it answers, and has no such thing
    28) fail "port blocked: $host does not answer; a firewall may swallow what is sent there ($(why))" ;;
    35 | 56) fail "TLS: $host is reached but speaks no TLS 1.3, or something between breaks it: $(why)" ;;
    5 | 97) fail "proxy: $(why)" ;;
    90) fail "pin differs: $host has another key than the token's; it is another machine, or someone is between" ;;
  esac
  fail "$host$path is not to be had: $(why)"
}

# sha256_named PATH: of the manifest, which has one file a line.
sha256_named() { sed -n "s/.*\"path\": \"$1\", \"sha256\": \"\([0-9a-f]\{64\}\)\".*/\1/p" "$work/manifest.json"; }

# fetch_checked PATH FILE: from the bundle, with the manifest's hash.
fetch_checked() {
  fetch "/bundle/$1" "$2" || return 1
  [ "$(sha256_of "$2")" = "$(sha256_named "$1")" ] || fail "$1 is not what the manifest names: nothing was installed"
}

# Unix seconds of an HTTP date, where date(1) reads one; GNU's and busybox's differ.
seconds_of() { date -u -d "$1" +%s 2>/dev/null || date -u -D '%a, %d %b %Y %T GMT' -d "$1" +%s 2>/dev/null; }

check_clock() {
  theirs=$(sed -n 's/^[Dd]ate: *\(.*GMT\).*/\1/p' "$work/head" | tail -n 1)
  at=$(seconds_of "$theirs") || return 0
  off=$(($(date -u +%s) - at))
  if [ "$off" -gt 300 ] || [ "$off" -lt -300 ]; then
    fail "clock: this machine's is $off seconds from the controller's; set it (timedatectl set-ntp true), then run this again"
  fi
}

# https://host:port of wss://host:port, and the pin as curl wants it.
read_way() {
  case $controller in
    wss://*) origin=https://${controller#wss://} ;;
    ws://*) origin=http://${controller#ws://} ;;
    *) misused "--controller: \"$controller\" is not like wss://HOST:PORT" ;;
  esac
  origin=${origin%/}
  host=${origin#*://}
  case $host in
    '' | *[!A-Za-z0-9.:_[\]-]*) misused "--controller: \"$controller\" is not like wss://HOST:PORT" ;;
  esac
}

# pins_of: lines of base64url, as curl wants them: base64, padded.
pins_of() { tr '_-' '/+' | sed 's|.*|sha256//&=|' | paste -s -d ';' -; }

read_token() {
  case $token in
    hd1.*.*) ;;
    *) misused "--token: not an enrolment token, or not the whole of it" ;;
  esac
  case $token in
    *[!A-Za-z0-9._-]*) misused "--token: not an enrolment token, or not the whole of it" ;;
  esac
  pins=$(printf '%s\n' "$token" | cut -d . -f 3- | tr . '\n' | pins_of)
}

# --- node ------------------------------------------------------------------

# True when it is $oldest_node or later.
is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  rest=${version#*.}
  [ "$major" -gt "${oldest_node%.*}" ] || { [ "$major" -eq "${oldest_node%.*}" ] && [ "${rest%%.*}" -ge "${oldest_node#*.}" ]; }
}

# Sets node: the system's, ours of before, or fetched.
find_node() {
  own=$prefix/lib/hotdesk/node
  for node in "$(command -v node || true)" "$destdir$own"; do
    # The service does not see /root and the homes: what is there is one user's own.
    case $node in
      '' | /root/* | /home/*) continue ;;
    esac
    if is_new_enough "$node"; then
      node=${node#"$destdir"}
      return 0
    fi
  done
  node=$own
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "there is no Node $oldest_node or later here, and the controller has none for $(uname -m)" ;;
  esac
  [ "$role" = agent ] || fail "Node $oldest_node or later is needed"
  step "fetch Node for $arch from the controller" || return 0
  fetch_checked "node-linux-$arch.tar.gz" "$work/node.tar.gz" ||
    fail "this machine has no Node $oldest_node or later, and the controller has none to give: there, run hotdesk bundle add-node"
  mkdir "$work/node"
  tar -xzf "$work/node.tar.gz" -C "$work/node" package/bin/node
  is_new_enough "$work/node/package/bin/node" || fail "the Node that was fetched does not run on this machine"
  put "$work/node/package/bin/node" "$node" 0755
}

# The signature over the manifest, by another program than the one it is about. Sets key.
check_signature() {
  run=$node
  [ -x "$destdir$node" ] && run=$destdir$node
  key=$("$run" -e '
    const { createPublicKey, verify } = require("node:crypto");
    const { readFileSync } = require("node:fs");
    const [manifest, file] = process.argv.slice(1);
    const [x, signature] = readFileSync(file, "utf8").trim().split(" ");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    if (!verify(null, readFileSync(manifest), key, Buffer.from(signature, "base64url"))) process.exit(1);
    console.log(x);
  ' "$work/manifest.json" "$work/manifest.sig" 2>/dev/null) ||
    fail "signature: the controller's manifest is not signed as it should be: nothing was installed"
}

# wrapper VARIABLE PROGRAM: the command, which finds the service's data and, where it may be read, what the service is set to.
wrapper() {
  cat >"$work/wrapper" <<END
#!/bin/sh
: "\${$1=/var/lib/$name}"
export $1
if [ -r /etc/default/$name ]; then
  while IFS= read -r line || [ -n "\$line" ]; do
    case \$line in
      HOTDESK_*=* | HTTPS_PROXY=* | https_proxy=* | NO_PROXY=* | no_proxy=*) ;;
      *) continue ;;
    esac
    value=\${line#*=}
    value=\${value#[\"\']}
    export "\${line%%=*}=\${value%[\"\']}"
  done </etc/default/$name
fi
exec $node $2 "\$@"
END
  put "$work/wrapper" "$prefix/bin/$name" 0755
}

# --- units -----------------------------------------------------------------

# The capability for ports under 1024, where such a port is configured.
low_port_of() {
  for file in "$destdir/etc/default/$1" "$destdir/var/lib/$1/agent.json" "$destdir/var/lib/$1/hotdesk.json"; do
    [ -r "$file" ] || continue
    # shellcheck disable=SC2013 # numbers, one a line
    for number in $(tr ',' '\n' <"$file" | sed -n "s/.*[Pp][Oo][Rr][Tt]\"\{0,1\} *[=:] *[\"']\{0,1\}\([0-9]\{1,5\}\).*/\1/p"); do
      if [ "$number" -gt 0 ] && [ "$number" -lt 1024 ]; then
        printf CAP_NET_BIND_SERVICE
        return 0
      fi
    done
  done
}

# unit NAME DESCRIPTION COMMAND MEMORY
unit() {
  capability=$(low_port_of "$1")
  cat <<END
[Unit]
Description=$2
Wants=network-online.target
After=network-online.target

[Service]
# It says itself when it listens and that it lives, by systemd-notify, which is a process of its own.
Type=notify
NotifyAccess=all
WatchdogSec=60
# Settings of your own, as HOTDESK_...=
EnvironmentFile=-/etc/default/$1
ExecStart=$3
ExecReload=/bin/sh -c 'kill -HUP \$MAINPID'
User=$1
Group=$1
StateDirectory=$1
StateDirectoryMode=0700
Restart=always
RestartSec=2
# The parent tells the agent, which has its calls to end.
KillMode=mixed
TimeoutStopSec=20
MemoryMax=$4
LimitNOFILE=65536
UMask=0077
# None, but for ports under 1024 where one is configured; run install.sh again after that.
AmbientCapabilities=$capability
CapabilityBoundingSet=$capability
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
# Refused, not killed for: V8 and libuv try some calls and do without.
SystemCallErrorNumber=EPERM
# No MemoryDenyWriteExecute: V8 compiles as it runs.

[Install]
WantedBy=multi-user.target
END
}

# install_unit NAME: from $work/unit
install_unit() {
  units=$changed
  put "$work/unit" "/etc/systemd/system/$1.service" 0644
  if [ -n "$dry" ] || ! may_start; then return 0; fi
  [ "$changed" = "$units" ] || systemctl daemon-reload
  systemctl enable --quiet "$1"
}

# Ends when the program says that it listens.
start_unit() {
  if [ "$changed" != "$before" ]; then how=restart; else how=start; fi
  systemctl "$how" "$name" 2>"$work/said" || {
    journalctl --quiet --output=cat --lines=5 --unit="$name" "_SYSTEMD_UNIT=$name.service" >&2 || cat "$work/said" >&2
    fail "installed, but it does not start; above is the end of journalctl -u $name"
  }
}

# --- what it does ----------------------------------------------------------

open_work() {
  work=$(mktemp -d)
  for each in sha256sum sed cut tr cmp; do
    has "$each" || fail "$each is needed"
  done
}

fetch_release() {
  has curl || fail "curl is needed: apt-get install curl"
  fetch /bundle/manifest.json "$work/manifest.json" || fail "$host hands out no agent: was the controller built?"
  check_clock
  fetch /bundle/manifest.sig "$work/manifest.sig" || fail "$host has no signature for what it hands out"
  find_node
  # Before there is a Node that could check, a dry run believes the pin alone.
  if [ -z "$dry" ] || [ -x "$destdir$node" ] || [ -x "$node" ]; then check_signature; fi
  fetch_checked agent.mjs "$work/agent.mjs" || fail "$host has no agent.mjs"
  fetch /install.sh "$work/install.sh" || fail "$host has no install.sh"
  [ "$(sha256_of "$work/install.sh")" = "$(sha256_named install.sh)" ] || fail "install.sh is not what the manifest names: nothing was installed"
}

install_agent() {
  role=agent
  name=hotdesk-agent
  state=/var/lib/hotdesk-agent
  program=$prefix/lib/hotdesk/hotdesk-agent.mjs
  if [ -z "$controller" ]; then misused "agent: --controller is needed"; fi
  read_way
  enrolled=
  [ ! -f "$destdir$state/identity.json" ] || enrolled=yes
  if [ -n "$token" ]; then
    read_token
    [ -z "$enrolled" ] || holds_good || enrolled=
  elif [ -n "$enrolled" ]; then
    pins=$(sed -n '/"pins"/,/\]/s/^ *"\([A-Za-z0-9_-]\{43\}\)".*/\1/p' "$destdir$state/identity.json" | pins_of)
  else
    misused "agent: --token is needed; hotdesk enrol-token create prints one"
  fi
  root_needed
  open_work
  before=$changed
  read_proxy
  fetch_release
  lay_agent
}

# What was fetched goes where it belongs, and runs.
lay_agent() {
  user_needed "$name" "$state"
  folder_needed "$state" "$name"
  put "$work/agent.mjs" "$program" 0755
  put "$work/install.sh" "$prefix/lib/hotdesk/install.sh" 0755
  wrapper HOTDESK_AGENT_DATA "$program"
  keep_proxy
  enrol
  more=
  [ -z "$listen" ] || more=" --listen $listen"
  [ -z "$plain" ] || more="$more --allow-plain"
  unit "$name" "hotdesk agent: the phones of this office" "$node $program run --supervised --data $state$more" 512M >"$work/unit"
  install_unit "$name"
  if [ -n "$dry" ]; then return 0; fi
  if ! may_start; then
    say "installed; nothing is started, for no systemd runs here"
    return 0
  fi
  start_unit
  "$prefix/bin/hotdesk-agent" wait --data "$state" || fail "installed, but not connected; journalctl -u $name tells more"
}

# wss://host of WSS://Host:443/
plain_of() { printf '%s\n' "${1%/}" | tr '[:upper:]' '[:lower:]' | sed 's/^\(wss:.*\):443$/\1/; s/^\(ws:.*\):80$/\1/'; }

enrolled_at() { sed -n 's/.*"controller": "\(wss\{0,1\}:[^"]*\)".*/\1/p' "$destdir/var/lib/hotdesk-agent/identity.json"; }

# Of an enrolment: its controller is the one that is named now, and has not refused it.
holds_good() {
  [ "$(plain_of "$(enrolled_at)")" = "$(plain_of "$controller")" ] &&
    ! grep -qs -e '"code":"auth.refused"' -e '"code":"pin.mismatch"' "$destdir$state/state.json"
}

enrol() {
  if [ -n "$enrolled" ]; then return 0; fi
  step "enrol at $host" || return 0
  run=$node
  [ -x "$destdir$node" ] && run=$destdir$node
  if [ -n "$plain" ]; then set -- --allow-plain; else set --; fi
  printf '%s\n' "$token" |
    as_user "$name" "$run" "$destdir$program" enrol --controller "$controller" --token - --data "$destdir$state" "$@" 2>"$work/said" || {
    said=$(cat "$work/said")
    case $said in
      *'token is not good'*) fail "token spent: it works once, for ten minutes, and for the controller that made it; make another (hotdesk enrol-token create)" ;;
    esac
    fail "enrolment: ${said#hotdesk-agent: }"
  }
  grep -q "\"releaseKey\": \"$key\"" "$destdir$state/identity.json" ||
    fail "signature: the bundle was signed by another key than the one told at enrolment"
}

# Reads where the agent was enrolled, and installs what that controller has now.
upgrade_agent() {
  [ -r "$destdir/var/lib/hotdesk-agent/identity.json" ] || fail "no agent is enrolled here, or this needs root"
  controller=$(enrolled_at)
  unit_file=$destdir/etc/systemd/system/hotdesk-agent.service
  if [ -f "$unit_file" ]; then
    [ -n "$listen" ] || listen=$(sed -n 's/^ExecStart=.* --listen \([^ ]*\).*/\1/p' "$unit_file")
    ! grep -q '^ExecStart=.* --allow-plain' "$unit_file" || plain=yes
  fi
  install_agent
}

install_controller() {
  role=controller
  name=hotdesk
  from=$(cd "$(dirname "$0")" && pwd)
  [ -f "$from/hotdesk.mjs" ] || from=$from/dist
  [ -f "$from/hotdesk.mjs" ] || fail "no hotdesk.mjs beside this file: npm ci && npm run build, then dist/install.sh controller"
  root_needed
  open_work
  before=$changed
  find_node
  user_needed "$name" /var/lib/hotdesk
  folder_needed /var/lib/hotdesk "$name"
  for file in $(cd "$from" && find . -type f ! -name '*.map' ! -path './web/*' | sed 's|^\./||' | sort); do
    put "$from/$file" "$prefix/lib/hotdesk/$file" 0644
  done
  wrapper HOTDESK_DATA "$prefix/lib/hotdesk/hotdesk.mjs"
  unit "$name" "hotdesk controller" "$node $prefix/lib/hotdesk/hotdesk.mjs serve --data /var/lib/hotdesk" 2G >"$work/unit"
  install_unit "$name"
  if [ -n "$dry" ]; then return 0; fi
  if ! may_start; then
    say "installed; nothing is started, for no systemd runs here"
  else
    start_unit
    [ "$changed" = "$before" ] || say "the controller runs; hotdesk account setup-link tells where the first account is made"
  fi
}

uninstall() {
  root_needed
  for name in hotdesk-agent hotdesk; do
    if may_start && [ -f "/etc/systemd/system/$name.service" ] && [ -z "$dry" ]; then
      systemctl disable --quiet --now "$name" || true
    fi
    take "/etc/systemd/system/$name.service"
    take "$prefix/bin/$name"
    if [ -n "$purge" ]; then
      take "/var/lib/$name"
      take "/etc/default/$name"
    fi
    if [ -z "$destdir" ] && getent_user "$name" && step "remove the system user $name"; then
      if has userdel; then userdel "$name"; else deluser "$name"; fi
    fi
  done
  take "$prefix/lib/hotdesk"
  if [ -z "$dry" ] && may_start; then systemctl daemon-reload; fi
}

# All of it is read before any of it runs: a pipe that breaks half way does nothing.
main() {
  verb=${1:-}
  [ $# = 0 ] || shift
  # The one that was installed knows where.
  case $0 in
    "$destdir"/*/lib/hotdesk/install.sh)
      prefix=${0%/lib/hotdesk/install.sh}
      prefix=${prefix#"$destdir"}
      ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=yes ;;
      --purge) purge=yes ;;
      --allow-plain) plain=yes ;;
      --controller | --token | --prefix | --listen)
        [ $# -gt 1 ] || misused "$1 wants a value"
        case $1 in
          --controller) controller=$2 ;;
          --token) token=$2 ;;
          --prefix) prefix=$2 ;;
          --listen) listen=$2 ;;
        esac
        shift
        ;;
      *) misused "what is \"$1\"?" ;;
    esac
    shift
  done
  case $prefix in
    /*[!A-Za-z0-9/._-]* | [!/]* | '') misused "--prefix: an absolute path without spaces" ;;
  esac
  case $listen in
    *[!0-9a-fA-F.:]*) misused "--listen: \"$listen\" is not an IP address" ;;
  esac
  case $verb in
    agent) install_agent ;;
    controller) install_controller ;;
    upgrade) upgrade_agent ;;
    uninstall) uninstall ;;
    *) misused "what is to be done? agent, controller, upgrade or uninstall" ;;
  esac
  if [ "$changed" = 0 ]; then say "nothing to do: all is as it should be"; fi
}

main "$@"
