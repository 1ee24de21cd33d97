#!/usr/bin/env bash
# restart.sh DIR - stop start.sh's kube-apiserver and start it again: same port, same etcd, empty watch cache (a watch from an old
# resourceVersion gets 410 Gone). Starts it also when it was killed before. Leaves nothing running when it fails.
set -euo pipefail
umask 077
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=apiserver; . "$here/../common.sh"
dir=$(cd -- "$1" && pwd -P); . "$dir/env"; programs=kube-apiserver
"$here/stop.sh" "$dir" kube-apiserver
mapfile -d '' -t argv <"$dir/kube-apiserver.argv"
setsid -- "${argv[@]}" </dev/null >>"$dir/kube-apiserver.log" 2>&1 &
p=$!; trap 'kill -TERM $p 2>/dev/null || true' EXIT; trap 'exit 130' INT TERM HUP
echo $p >"$dir/kube-apiserver.pid"; sed -i "s/^export KAS_APISERVER_PID=.*/export KAS_APISERVER_PID='$p'/" "$dir/env"
deadline=$((SECONDS + 60))
until_ready $p curl -fsS --noproxy '*' --cacert "$KAS_CA" -H "Authorization: Bearer $KAS_TOKEN" "$KAS_URL/readyz" ||
  fail "kube-apiserver was not ready again"
trap - EXIT
