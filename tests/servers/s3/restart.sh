#!/usr/bin/env bash
# restart.sh STATEDIR radosgw - kill start.sh's radosgw (if it runs) and start it again: same
# port, same keys, same objects, for they are in ceph-osd.  For a longer outage: stop.sh
# STATEDIR radosgw, wait, then this.  STATEDIR/env has the new S3_RADOSGW_PID.
set -euo pipefail
umask 077
[ $# = 2 ] && [ "$2" = radosgw ] || { echo "usage: ${0##*/} STATEDIR radosgw" >&2; exit 2; }
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=s3; . "$here/../common.sh"
dir=$(cd -- "$1" && pwd -P); . "$dir/env"; programs=radosgw
"$here/stop.sh" "$dir" radosgw
mapfile -d '' -t argv <"$dir/radosgw.argv"
setsid -- sh -c 'echo $$ >"$0.pid" && exec "$@" </dev/null >>"$0.log" 2>&1' "$dir/radosgw" "${argv[@]}" &
p=$!; sed -i "s/^export S3_RADOSGW_PID=.*/export S3_RADOSGW_PID='$p'/" "$dir/env"
deadline=$((SECONDS + 60))
until_ready $p curl -fsS --noproxy '*' -m 10 -o /dev/null "$S3_ENDPOINT/" || fail "radosgw was not ready again"
