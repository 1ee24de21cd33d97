#!/usr/bin/env bash
# stop.sh DIR [--rm | kube-apiserver | etcd] - end the kube-apiserver and etcd that start.sh started in DIR (or one of them), by their
# recorded process ids and only if they still are processes of DIR; --rm removes DIR then.
set -u
me=apiserver; . "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"
d=${1:?usage: stop.sh DIR [--rm | kube-apiserver | etcd]}
d=$(cd -- "$d" 2>/dev/null && pwd -P) || exit 0
case ${2:-} in kube-apiserver|etcd) programs=$2;; *) programs='kube-controller-manager kube-apiserver etcd';; esac
for b in $programs; do
  [ -s "$d/$b.pid" ] || continue
  p=$(cat "$d/$b.pid")
  if ours "$p" "$d"; then
    kill -TERM "$p" 2>/dev/null
    for _ in $(seq 100); do ours "$p" "$d" || break; sleep 0.05; done
    ! ours "$p" "$d" || kill -KILL "$p" 2>/dev/null
  fi
  rm -f "$d/$b.pid"
done
[ "${2:-}" != --rm ] || rm -rf -- "$d"
exit 0
