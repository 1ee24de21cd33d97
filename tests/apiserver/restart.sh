#!/usr/bin/env bash
# restart.sh DIR - stop start.sh's kube-apiserver and start it again: same port,
# same etcd, empty watch cache (a watch from an old resourceVersion gets 410 Gone).
# Starts it also when it was killed before.  Leaves nothing running when it fails.
set -euo pipefail
umask 077
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); d=$(cd -- "$1" && pwd); . "$d/env"
"$here/stop.sh" "$d" kube-apiserver
mapfile -d '' -t argv <"$d/kube-apiserver.argv"
setsid -- "${argv[@]}" </dev/null >>"$d/kube-apiserver.log" 2>&1 &
p=$!; trap 'kill -TERM $p 2>/dev/null || true' EXIT; trap 'exit 130' INT TERM HUP
echo $p >"$d/kube-apiserver.pid"; sed -i "s/^export KAS_APISERVER_PID=.*/export KAS_APISERVER_PID='$p'/" "$d/env"
for ((i = 0; i < 1200; i++)); do
  curl -fsS --noproxy '*' --cacert "$KAS_CA" -H "Authorization: Bearer $KAS_TOKEN" "$KAS_URL/readyz" >/dev/null 2>&1 && { trap - EXIT; exit 0; }
  kill -0 $p 2>/dev/null || break
  sleep 0.05
done
tail -n 15 "$d/kube-apiserver.log" >&2; exit 1
