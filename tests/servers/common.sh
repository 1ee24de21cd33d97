# common.sh - what the scripts that install, start and stop servers have in common. It is sourced, and changes nothing by itself.
# A script names itself for its messages first: me=apiserver.

say() { printf '[%s %4ds] %s\n' "$me" "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }
cache() { printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/flink-kubernetes-ha/$1"; }

# --- installing ----------------------------------------------------------------------------------------------------

# destination DIR: sets DEST, which belongs to this script alone until it ends.
destination() {
  mkdir -p -- "$1"; DEST=$(cd -- "$1" && pwd)
  exec 9>"$DEST/.lock"; flock 9
}

# installed FILE HEAD: whether FILE in DEST begins with HEAD, and every hash in it is right.
installed() {
  [ "$(head -n1 "$DEST/$1" 2>/dev/null)" = "# $2" ] && (cd "$DEST" && sha256sum --quiet -c "$1" >/dev/null 2>&1)
}

# record FILE HEAD PATH...: writes what `installed` reads.
record() {
  local file=$1 head=$2; shift 2
  (cd "$DEST" && { echo "# $head"; sha256sum "$@"; } >".$file.new" && mv -f ".$file.new" "$file")
}

# apt_install PACKAGE...: installs these on this system; returns at once when there are none.
apt_install() {
  [ $# -gt 0 ] || return 0
  local sudo=() log
  command -v apt-get >/dev/null || die "missing: $*; install them with this system's package manager"
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  say "apt: installing $*"
  log=$(mktemp)
  { "${sudo[@]}" apt-get update && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
    >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt failed: install $* yourself"; }
  rm -f "$log"
}

needs() { local c; for c; do command -v "$c" >/dev/null || die "$c is missing"; done; }

# work_folder: sets W, which is removed when the script ends (KEEP_WORK=1 keeps it).
work_folder() {
  W=$(mktemp -d -t "$me-install.XXXXXX")
  trap 'if [ "${KEEP_WORK:-0}" = 1 ]; then say "kept $W"; else chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"; fi' EXIT
  trap 'exit 130' INT TERM HUP
}

# private_apt SUITE...: an apt root below W with these suites and their sources, and lists of its own; `apt` works in it.
# Nothing is installed system-wide. apt checks InRelease by Debian's keyring, and every index and package by the hashes below it.
# DEBIAN_MIRROR: the archive; otherwise the one that this machine's apt sources name for a Debian suite. DEBIAN_KEYRING: the keyring.
# DEBIAN_EXPIRED=1 accepts an index that is past its date, as those of an archive of another day are.
private_apt() {
  local keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg} suites='bookworm|trixie|forky|sid|unstable' suite
  local mirror=${DEBIAN_MIRROR:-$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*)/dists/($suites)/InRelease'.*#\1#p" | head -n1)}
  [ "$(dpkg --print-architecture)" = amd64 ] || die "this was only tried on amd64"
  [ -n "$mirror" ] || die "no apt source of this machine names a Debian suite; set DEBIAN_MIRROR"
  [ -r "$keyring" ] || die "there is no Debian keyring at $keyring; set DEBIAN_KEYRING"
  mkdir -p "$W"/apt/{empty,state/lists/partial,cache/archives/partial}
  : >"$W/apt/status"
  for suite; do printf 'deb [signed-by=%s] %s %s main\ndeb-src [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" "$keyring" "$mirror" "$suite"; done >"$W/apt/sources.list"
  cat >"$W/apt/apt.conf" <<C
Dir::Etc::sourcelist "$W/apt/sources.list";
Dir::Etc::sourceparts "$W/apt/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$W/apt/empty";
Dir::State "$W/apt/state";
Dir::State::status "$W/apt/status";
Dir::Cache "$W/apt/cache";
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
C
  [ "${DEBIAN_EXPIRED:-0}" = 0 ] || echo 'Acquire::Check-Valid-Until "false";' >>"$W/apt/apt.conf"
  say "apt: indexes of $* (private)"
  apt update
}
apt() { APT_CONFIG="$W/apt/apt.conf" apt-get -q "$@" >"$W/apt.out" 2>&1 || { tail -n20 "$W/apt.out" >&2; die "apt-get $*"; }; }

unpack() { local d; for d in "$1"/*.deb; do dpkg -x "$d" "$2"; done; }

# offline_go ROOT: builds with the Go of an unpacked package, from what is unpacked alone.
offline_go() {
  export GOROOT=$1 GOCACHE=$W/gocache HOME=$W/home GOENV=off GO111MODULE=off GOPROXY=off GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 GOTMPDIR=$W GOAMD64=v1
  unset GOOS GOARCH GOEXPERIMENT GODEBUG GO_LDFLAGS GOGC GOMEMLIMIT 2>/dev/null || true
  mkdir -p "$HOME"; PATH=$GOROOT/bin:$PATH
}

# --- starting ------------------------------------------------------------------------------------------------------

# state_folder [DIR]: sets dir, an empty folder that only this user reads, and made=1 where it is new. Changes to it.
state_folder() {
  local base=${TMPDIR:-/tmp}; made=0; umask 077
  if [ -n "${1:-}" ]; then
    mkdir -p -- "$1"; dir=$(cd -- "$1" && pwd -P)
    [ -z "$(ls -A -- "$dir")" ] || die "$dir is not empty"
  else
    [ -w /dev/shm ] && [ "$(df --output=avail /dev/shm | tail -n1)" -gt 300000 ] && base=/dev/shm
    dir=$(mktemp -d "$(cd -- "$base" && pwd -P)/$me.XXXXXX"); made=1
  fi
  cd "$dir"
}

# fail MESSAGE: shows the last lines of the logs of the programs in `programs`.
fail() {
  local l; say "$*"
  for l in $programs; do [ ! -s "$dir/$l.log" ] || { echo "--- $l.log" >&2; tail -n15 "$dir/$l.log" >&2; }; done
  exit 1
}

# free_port: sets REPLY to a port that is free now; below the ephemeral range, where no outgoing connection takes it.
free_port() {
  local low p; read -r low _ </proc/sys/net/ipv4/ip_local_port_range; [ "$low" -gt 20000 ] || low=32768
  while :; do
    p=$((10000 + (RANDOM * 32768 + RANDOM) % (low - 10000)))
    [[ " ${taken_ports:-} " == *" $p "* ]] && continue
    in_use "$p" && continue
    taken_ports="${taken_ports:-} $p"; REPLY=$p; return
  done
}
in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# until_ready PID CHECK...: waits for CHECK to succeed; fails when PID has ended or `deadline` has passed (then late=1).
until_ready() {
  local pid=$1; shift
  until "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || return 1
    (( SECONDS < deadline )) || { late=1; return 1; }
    sleep 0.05
  done
}

# conclude RUN COMMAND...: with RUN=1 runs COMMAND with the variables of dir/env, ends with its status, and the EXIT trap stops the
# servers; otherwise prints dir and leaves them running (keep_running=1 tells the trap).
conclude() {
  local run=$1 status=0; shift
  if [ "$run" = 1 ]; then
    . ./env; cd "$origin"
    "$@" <&0 & command_pid=$!
    wait "$command_pid" || status=$?
    command_pid=; exit $status
  fi
  keep_running=1; echo "$dir"
}

# stop_and_remove: what the EXIT trap of a start.sh does.
stop_and_remove() {
  [ "${keep_running:-0}" = 0 ] || return 0
  [ -z "${command_pid:-}" ] || kill -TERM "$command_pid" 2>/dev/null || true
  "$here/stop.sh" "$dir" || true
  [ "$made" = 0 ] || { cd /; rm -rf -- "$dir"; }
}

# born PID: sets REPLY to the moment at which the process began; fails when it has ended.
born() {
  local stat fields; { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"; [ "${fields[0]}" != Z ] || return 1; REPLY=${fields[19]}
}

# watch_owner PID COMMAND...: sets argv to a program that runs COMMAND as soon as PID has ended, however it ended.
watch_owner() {
  born "$1" || fail "there is no process $1"
  argv=(bash -c "$(declare -f born)"'
    owner=$1 began=$2; shift 2
    exec {never}<> <(:)
    while born "$owner" && [ "$REPLY" = "$began" ]; do read -rt 0.2 -u $never; done
    read -rt 0.3 -u $never      # a start.sh that was killed with it: its last process goes on record
    exec "$@"' watch "$1" "$REPLY" "${@:2}")
}

# --- stopping ------------------------------------------------------------------------------------------------------

# ours PID DIR: whether PID still is a process of the state folder DIR, and not another that has got its number.
ours() { [ "$1" != $$ ] && { tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null | grep -qF -- "$2/"; }
