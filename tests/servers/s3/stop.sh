#!/usr/bin/env bash
# stop.sh STATEDIR [--rm | radosgw | ceph-osd | ceph-mon] - end what start.sh started in
# STATEDIR (or one of its servers), by the recorded process ids and only where they still are
# processes of that STATEDIR; --rm removes STATEDIR then.
#
# They end by SIGKILL: there is nothing to save, so all are gone within moments, also where
# they hang or were stopped.  For a tidy end of radosgw, send it SIGTERM (S3_RADOSGW_PID).
set -u
me=s3; . "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"
d=${1:?usage: stop.sh STATEDIR [--rm | radosgw | ceph-osd | ceph-mon]}
d=$(cd -- "$d" 2>/dev/null && pwd -P) || exit 0
rm=0; [ "${2:-}" != --rm ] || { rm=1; shift; }
shift; [ $# -gt 0 ] || set -- setup radosgw ceph-osd ceph-mon watch
gone() { # no such process, or a zombie whose last thread has ended
  local s t; { read -r s <"/proc/$1/stat"; } 2>/dev/null || return 0
  t=("/proc/$1/task/"*); [[ ${s##*) } == Z* ]] && [ ${#t[@]} = 1 ]; }
killed=()
for b; do
  [ -s "$d/$b.pid" ] || continue
  p=$(cat "$d/$b.pid"); rm -f "$d/$b.pid"
  if ours "$p" "$d"; then kill -KILL "$p" 2>/dev/null && killed+=("$p"); fi
done
rc=0
for p in ${killed[@]+"${killed[@]}"}; do
  for ((i = 0; i < 500; i++)); do gone "$p" && break; sleep 0.02; done
  gone "$p" || { say "process $p does not end"; rc=1; }
done
[ $rm = 0 ] || rm -rf -- "$d"
exit $rc
