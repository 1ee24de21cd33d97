#!/usr/bin/env bash
# start.sh [-b DEST] [-d STATEDIR] [-p PORT] [-o PID] [-w SECONDS]
# start.sh [options] -r COMMAND [ARG...]
#
# Start an S3 server on loopback: one Ceph monitor, one object store daemon that keeps its
# objects in memory, and radosgw, which speaks S3.  Wait until it has served a signed request;
# one user and one empty bucket exist then.  With -r, run COMMAND with the variables of
# STATEDIR/env set, stop everything again, remove STATEDIR if it was made here, and exit with
# COMMAND's status.  Otherwise print STATEDIR and leave the server running; stop.sh STATEDIR
# ends it.  All objects are lost then: the store is memory.
#
#   -b  where install.sh put it        (S3_BIN, else ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/s3)
#   -d  state directory, new or empty  (else a new one below /dev/shm or $TMPDIR)
#   -p  port for S3                    (else a free one below the ephemeral range)
#   -o  stop everything, as stop.sh does, as soon as process PID has ended, however it ended:
#       give the test process, and a killed test run leaves nothing behind (-r does this by
#       itself, with the PID of this script)
#   -w  how long to wait until it serves, seconds (default 60)
# S3_BYTES: what the store holds (default 4 GiB); once it is full, PUT hangs
#
# Below STATEDIR: env (shell variables S3_*), ceph.conf, *.log (radosgw.log has a line per
#   request), *.pid, *.argv (for restart.sh), keyring, mon/.  Only owner-readable (umask 077).
#
# Nothing here needs root, a mount or a namespace: programs run through the loader and the
# libraries in DEST, every path they use is in ceph.conf, every port is on 127.0.0.1 (the
# object store daemon takes four free ones from 6800 up).  Any number of instances run side
# by side, as any user.  Needs: bash, curl >= 7.75, setsid.  Plain HTTP: test use only.
set -euo pipefail
origin=$PWD; here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
me=s3; . "$here/../common.sh"
bin=${S3_BIN:-$(cache s3)}; dir=; fixed=; owner=; wait=60; run=0
while getopts b:d:p:o:w:r o; do case $o in
  b) bin=$OPTARG;; d) dir=$OPTARG;; p) fixed=$OPTARG;; o) owner=$OPTARG;; w) wait=$OPTARG;; r) run=1; break;;
  *) exit 2;; esac; done
shift $((OPTIND - 1))
if [ $run = 1 ]; then owner=$$; [ $# -gt 0 ] || die "-r needs a command"; fi
bin=$(cd -- "$bin" 2>/dev/null && pwd) || die "there is no folder for -b (run install.sh)"
[ -s "$bin/s3-versions" ] || die "there is no $bin/s3-versions (run install.sh $bin)"

state_folder "$dir"
[[ $bin$dir =~ ^[A-Za-z0-9_./+@%,:-]+$ ]] || die "a path that ceph.conf cannot hold: $bin $dir"
late=0; deadline=$((SECONDS + wait))
programs='setup radosgw ceph-osd ceph-mon'
# Among the jobs may be a process that is not on record yet.
trap '[ -n "${command_pid:-}${keep_running:-}" ] || kill -KILL $(jobs -p) 2>/dev/null || true; stop_and_remove' EXIT
trap 'exit 130' INT TERM HUP

# --- processes ----------------------------------------------------------------------------
program() { # NAME ARG... : argv = the command line that runs a program of DEST
  local b=$1; shift
  argv=(env -i PATH=/usr/bin:/bin HOME="$dir" LC_ALL=C OPENSSL_CONF=/dev/null
    "$bin/lib/ld-linux-x86-64.so.2" --argv0 "$b" --inhibit-cache --library-path "$bin/lib" "$bin/bin/$b" -c "$dir/ceph.conf" "$@"); }
launch() { # NAME : start argv in a session of its own; its PID goes on record before it runs
  rm -f "$1.pid"; printf '%s\0' "${argv[@]}" >"$1.argv"
  setsid -- sh -c 'echo $$ >"$0.pid" && exec "$@" </dev/null >>"$0.log" 2>&1' "$dir/$1" "${argv[@]}" &
  while [ ! -s "$1.pid" ] && kill -0 $! 2>/dev/null; do :; done; }
healthy() { # all servers started so far live, and there is time left
  local p; for p in ${pids[@]+"${pids[@]}"}; do kill -0 "$p" 2>/dev/null || return 1; done
  (( SECONDS < deadline )) || { late=1; return 1; }
  sleep 0.02; }
tool() { program "$@"; launch setup; while kill -0 $! 2>/dev/null; do healthy || return; done; wait $!; }
serve() { program "$@"; launch "$1"; pids+=($!); disown; }

if [ -n "$owner" ]; then
  rm=; [ $made = 0 ] || rm=--rm
  watch_owner "$owner" "$here/stop.sh" "$dir/" $rm
  launch watch; disown
fi

[ -z "$fixed" ] || ! in_use "$fixed" || fail "port $fixed is taken"

hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
access=$(hex 10 | tr a-f A-F); secret=$(hex 20); bucket=test-$(hex 4); region=us-east-1

config() { # MONITOR-PORT
  cat <<E
[global]
 fsid = $fsid
 mon host = [v2:127.0.0.1:$1/0]
 public addr = 127.0.0.1
 cluster addr = 127.0.0.1
 ms bind msgr1 = false
 keyring = $dir/keyring
 run dir = $dir
 crash dir = $dir
 admin socket =
 plugin dir = $bin/lib
 erasure code dir = $bin/lib/erasure-code
 osd class dir = $bin/lib/rados-classes
 log to file = false
 log to stderr = true
 mon cluster log to file = false
 osd pool default size = 1
 osd pool default pg num = 1
 osd pool default pgp num = 1
 osd pool default pg autoscale mode = off
 osd crush chooseleaf type = 0
[mon]
 mon data = $dir/mon
 mon data avail warn = 1
 mon data avail crit = 1
 mon allow pool size one = true
 paxos propose interval = 0.01
[osd]
 osd data = $dir/osd
 osd objectstore = memstore
 memstore device bytes = ${S3_BYTES:-4294967296}
 osd crush update on start = false
 osd class update on start = false
[client]
 rgw data = $dir/rgw
 # without tcp_nodelay, every small PUT and GET in turn take 45 ms
 rgw frontends = beast endpoint=${url#http://} tcp_nodelay=1
 rgw thread pool size = 64
 rgw run sync thread = false
 rgw dynamic resharding = false
 # objects above 4 MB that were deleted or overwritten: free their memory after 1 minute, not 2 hours
 rgw gc obj min wait = 60
 rgw gc processor period = 60
 debug rgw = 0
 debug rgw access = 1
E
}
create_bucket() { # a signed request: only our own radosgw answers 200
  [ "$(curl -sS --noproxy '*' -m 10 -o /dev/null -w '%{http_code}' -X PUT --aws-sigv4 "aws:amz:$region:s3" -K - "$url/$bucket" 2>/dev/null <<E
user = "$access:$secret"
header = "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
E
  )" = 200 ]; }

cluster() { # one attempt; fails when a step fails, a server has ended or time is up
  local mon new=-C n caps
  rm -rf mon osd rgw keyring monmap osdmap ./*.log; mkdir mon osd rgw; pids=()
  fsid=$(cat /proc/sys/kernel/random/uuid)
  free_port; mon=$REPLY
  if [ -n "$fixed" ]; then REPLY=$fixed; else free_port; fi; url=http://127.0.0.1:$REPLY
  config "$mon" >ceph.conf
  for n in mon. osd.0 client.admin; do
    caps=(--cap mon 'allow *'); [ $n = mon. ] || caps+=(--cap osd 'allow *')
    tool ceph-authtool keyring $new --gen-key -n $n "${caps[@]}" || return; new=
  done
  # The monitor starts from a map that has osd.0 in it, so Ceph's Python command line is not needed.
  tool monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon]" monmap || return
  tool osdmaptool --createsimple 1 osdmap || return
  tool ceph-mon -i a --mkfs --monmap monmap --osdmap osdmap --keyring keyring || return
  tool ceph-osd -i 0 --mkfs --no-mon-config || return
  serve ceph-mon -i a -f
  serve ceph-osd -i 0 -f
  tool radosgw-admin user create --uid=test --display-name=test --access-key="$access" --secret="$secret" || return
  serve radosgw -f
  until create_bucket; do healthy || return; done
}

for try in 1 2 3; do
  cluster && break
  [ $late = 0 ] && [ $try -lt 3 ] && grep -qsE 'already in use|unable to bind' ./*.log || fail "it does not serve"
  "$here/stop.sh" "$dir" $programs
done
rm -f setup.pid setup.argv monmap osdmap

cat >env <<E
export S3_ENDPOINT='$url'
export S3_ACCESS_KEY='$access'
export S3_SECRET_KEY='$secret'
export S3_BUCKET='$bucket'
export S3_REGION='$region'
export S3_DIR='$dir'
export S3_VERSION='$(sed -n 's/^# ceph version \([^ ]*\).*/\1/p' "$bin/s3-versions")'
export S3_RADOSGW_PID='$(cat radosgw.pid)'
export S3_OSD_PID='$(cat ceph-osd.pid)'
export S3_MON_PID='$(cat ceph-mon.pid)'
E

conclude $run "$@"
