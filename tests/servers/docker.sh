#!/usr/bin/env bash
# docker.sh run COMMAND [ARG...] - run COMMAND with DOCKER_HOST set to an engine that ends with it
# docker.sh start [PID]          - start one and print its state folder; `. FOLDER/env` sets DOCKER_HOST. It ends with process PID
# docker.sh stop FOLDER          - end it, with all containers, and remove the folder
#
# An engine that already answers is used, and left alone. Otherwise one of our own is started, where that can be done: as root, with
# Debian's packages docker.io and iptables, which are installed where they are missing. Where it cannot be done this script says why, and
# exits with 69.
set -euo pipefail
origin=$PWD; here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
me=docker; . "$here/common.sh"
programs=dockerd; owner=
unavailable() { say "no Docker engine: $*"; exit 69; }
answers() { docker --host "$1" version >/dev/null 2>&1; }

# Testcontainers asks for a version of the API that engines before 25 do not have.
variables() { printf "export DOCKER_HOST='%s' DOCKER_API_VERSION='%s'\n" "$1" "$(docker --host "$1" version --format '{{.Server.APIVersion}}')"; }

install_packages() {
  local packages=(docker.io iptables)
  command -v apt-get >/dev/null || unavailable "dockerd is missing, and this system has no apt-get to install it"
  apt-cache show docker-cli >/dev/null 2>&1 && packages+=(docker-cli)
  say "installing ${packages[*]}"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; } </dev/null >apt.log 2>&1 ||
    unavailable "${packages[*]} could not be installed: $(tail -n1 apt.log)"
}

# reduced_runtime: a privileged container asks for every capability that the kernel knows. Where this system has dropped some for good,
# the runtime cannot give them, and refuses; then sets `runtime` to options for one that does not ask for these.
reduced_runtime() {
  local dropped
  dropped=$(comm -23 <(setpriv --list-caps | sort) <(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr ',' '\n' | sort) | tr a-z A-Z | paste -sd'|')
  [ -n "$dropped" ] || return 0
  say "containers are started without CAP_($dropped), which this system does not have"
  cat >runc <<R
#!/bin/bash
for ((i = 1; i < \$#; i++)); do
  n=\$((i + 1))
  case \${!i} in --bundle) spec=\${!n}/config.json;; --process) spec=\${!n};; *) continue;; esac
  sed -Ei 's/,"CAP_($dropped)"//g; s/"CAP_($dropped)",?//g' "\$spec"
done
exec runc "\$@"
R
  chmod +x runc
  runtime=(--add-runtime "reduced=$dir/runc" --default-runtime reduced)
}

# start [LAUNCHER...]: sets dir, and writes dir/env.
start() {
  state_folder "$(mktemp -d -t docker.XXXXXX)"; made=1
  local host
  for host in "${DOCKER_HOST:-}" unix:///var/run/docker.sock; do
    if [ -n "$host" ] && command -v docker >/dev/null && answers "$host"; then
      say "the engine at $host"
      variables "$host" >env; return
    fi
  done
  [ "$(id -u)" = 0 ] || unavailable "only root can start one"
  command -v dockerd >/dev/null && command -v iptables >/dev/null && command -v docker >/dev/null || install_packages
  host=unix://$dir/docker.sock
  local runtime=(); reduced_runtime
  # Ports of containers on loopback alone, and the storage driver that works everywhere, also within a container.
  "$@" dockerd ${runtime[@]+"${runtime[@]}"} --ip 127.0.0.1 --storage-driver vfs --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.lock" -H "$host" \
    </dev/null >dockerd.log 2>&1 &
  local pid=$!; echo $pid >dockerd.pid
  deadline=$((SECONDS + 60))
  until_ready $pid answers "$host" || { tail -n5 dockerd.log >&2; unavailable "dockerd does not start here"; }
  say "an engine of our own: $(docker --host "$host" version --format '{{.Server.Version}}')"
  # Containers of our own engine end with it, so Testcontainers needs no container that cleans up (which it would have to pull).
  if [ -n "$owner" ]; then
    watch_owner "$owner" "$here/docker.sh" stop "$dir/"
    setsid -- "${argv[@]}" </dev/null >/dev/null 2>&1 &
    echo $! >watch.pid
  fi
  { variables "$host"; echo 'export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 TESTCONTAINERS_RYUK_DISABLED=true'; } >env
}

stop() {
  local pid; pid=$(cat "$1/watch.pid" 2>/dev/null) && ours "$pid" "$1" && kill -TERM "$pid"
  pid=$(cat "$1/dockerd.pid" 2>/dev/null) || { rm -rf -- "$1"; return; }
  if ours "$pid" "$1"; then
    docker --host "unix://$1/docker.sock" ps -aq | xargs -r docker --host "unix://$1/docker.sock" rm -f >/dev/null || true
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 300); do ours "$pid" "$1" || break; sleep 0.1; done
    ! ours "$pid" "$1" || kill -KILL "$pid"
  fi
  rm -rf -- "$1"
}

finish() {
  [ "${keep_running:-0}" = 0 ] && [ -n "${dir:-}" ] || return 0
  [ -z "${command_pid:-}" ] || kill -TERM "$command_pid" 2>/dev/null || true
  cd /; stop "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

case ${1:-} in
  run) shift; [ $# -gt 0 ] || die "run needs a command"
    # The engine ends also when this script is killed.
    start setpriv --pdeathsig TERM -- setsid --; conclude 1 "$@";;
  start) owner=${2:-}; start setsid --; conclude 0;;
  stop) [ -d "${2:-}" ] || exit 0; stop "$(cd -- "$2" && pwd -P)";;
  *) echo "usage: docker.sh run COMMAND... | start | stop FOLDER" >&2; exit 2;;
esac
