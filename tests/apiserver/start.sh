#!/usr/bin/env bash
# start.sh [-b BINDIR] [-d DIR] [-u "alice bob"] [-w SECONDS] [-k] [-- KUBE-APISERVER-FLAG...]
# start.sh [options] -r COMMAND [ARG...]
#
# Start etcd and kube-apiserver on random loopback ports and wait for /readyz,
# the way controller-runtime's envtest does.  With -r, run COMMAND with
# KUBECONFIG (and the variables of DIR/env) set, stop both again, remove DIR if
# it was made here, and exit with COMMAND's status.  Otherwise print DIR and leave
# both running; stop.sh DIR ends them.  KAS_APISERVER_FLAGS: more flags, also with -r.
#
#   -b  where kube-apiserver and etcd are (KAS_BIN, else KUBEBUILDER_ASSETS, else
#       the project's cache, where install.sh puts them)
#   -d  state directory, new or empty       (else a new one below /dev/shm or $TMPDIR)
#   -u  names of users with no rights at all  (default "alice bob")
#   -w  how long to wait for /readyz, seconds (default 60)
#   -k  also run kube-controller-manager (install.sh with KAS_KCM=1): namespaces
#       really go away, owned objects are collected, default ServiceAccounts appear
#
# Below DIR: env (shell variables), kubeconfig (admin by token),
#   kubeconfig.cert (admin by client certificate), kubeconfig.USER, tokens.csv,
#   tls/ (ca.crt, client-ca.{crt,key}, apiserver.{crt,key}, sa.{key,pub}), *.log, *.pid,
#   kube-apiserver.argv (for restart.sh: same port, same data, a new watch cache)
# Only root-readable (umask 077).  etcd listens without TLS on loopback: test use only.
set -euo pipefail
umask 077; orig=$PWD
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
bin=${KAS_BIN:-${KUBEBUILDER_ASSETS:-${XDG_CACHE_HOME:-$HOME/.cache}/flink-kubernetes-ha/apiserver}}; dir=; users='alice bob'; wait=60; run=0; kcm=0
while getopts b:d:u:w:kr o; do case $o in
  b) bin=$OPTARG;; d) dir=$OPTARG;; u) users=$OPTARG;; w) wait=$OPTARG;; k) kcm=1;; r) run=1; break;;
  *) exit 2;; esac; done
shift $((OPTIND - 1)); [ "${1:-}" = -- ] && shift
cmd=(); extra=()
if [ $run = 1 ]; then cmd=("$@"); [ $# -gt 0 ] || { echo "-r needs a command" >&2; exit 2; }; else extra=("$@"); fi
# more kube-apiserver flags, also with -r:
[ -z "${KAS_APISERVER_FLAGS:-}" ] || read -r -a more <<<"$KAS_APISERVER_FLAGS"
extra+=(${more[@]+"${more[@]}"})
bin=$(cd -- "$bin" 2>/dev/null && pwd) || { echo "no directory for -b (run install.sh)" >&2; exit 1; }
for b in kube-apiserver etcd; do [ -x "$bin/$b" ] || { echo "no $bin/$b (run install.sh $bin)" >&2; exit 1; }; done

made=0
if [ -z "$dir" ]; then
  base=${TMPDIR:-/tmp}; [ -w /dev/shm ] && base=/dev/shm
  dir=$(mktemp -d "$base/kas.XXXXXX"); made=1
else
  mkdir -p -- "$dir"; dir=$(cd -- "$dir" && pwd)
  [ -z "$(ls -A -- "$dir")" ] || { echo "$dir is not empty" >&2; exit 1; }
fi
ok=0
fail() { echo "kas: $*" >&2; for l in etcd kube-apiserver kube-controller-manager; do [ -s "$dir/$l.log" ] && { echo "--- $l.log" >&2; tail -n15 "$dir/$l.log" >&2; }; done; exit 1; }
cpid=
# with -r neither server outlives this script, not even when it is killed with SIGKILL
pre=(setsid --); [ $run = 1 ] && pre=(setpriv --pdeathsig TERM -- setsid --)
finish() { [ $ok = 1 ] && return; [ -z "$cpid" ] || kill -TERM "$cpid" 2>/dev/null || true; "$here/stop.sh" "$dir" || true; [ $made = 1 ] && rm -rf -- "$dir"; return 0; }
trap finish EXIT
trap 'exit 130' INT TERM HUP

# --- keys, certificates, tokens ----------------------------------------------
mkdir "$dir/tls"; cd "$dir/tls"
ec() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; }
ca() { ec "$1.key"; openssl req -x509 -new -sha256 -key "$1.key" -subj "/CN=$2" -days 3650 -out "$1.crt" \
       -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null; }
leaf() { # name subject ca extensions
  ec "$1.key"; openssl req -new -key "$1.key" -subj "$2" -out "$1.csr" 2>/dev/null
  openssl x509 -req -sha256 -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -set_serial "0x$(openssl rand -hex 8)" \
    -days 3650 -out "$1.crt" -extfile <(printf 'keyUsage=critical,digitalSignature\n%s\n' "$4") 2>/dev/null; rm -f "$1.csr"; }
ca ca kas-ca; ca client-ca kas-client-ca
leaf apiserver /CN=kube-apiserver ca 'extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local'
leaf admin /O=system:masters/CN=kas-admin-cert client-ca extendedKeyUsage=clientAuth
openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
cd "$dir"
declare -A token
for u in kas-admin $users; do token[$u]=$(openssl rand -hex 20); done
{ echo "${token[kas-admin]},kas-admin,kas-admin,\"system:masters\""
  for u in $users; do echo "${token[$u]},$u,$u,\"kas:users\""; done; } >tokens.csv

# --- ports: below the ephemeral range, free now; another try if one is taken --
read -r lo _ </proc/sys/net/ipv4/ip_local_port_range; [ "$lo" -gt 20000 ] || lo=32768
taken=" "
port() { local p; while :; do p=$((10000 + (RANDOM * 32768 + RANDOM) % (lo - 10000)))
  [[ $taken == *" $p "* ]] && continue
  (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null && continue
  taken+="$p "; REPLY=$p; return; done; }
alive() { kill -0 "$1" 2>/dev/null; }
up() { # pid url-check-command... : wait until it succeeds, fail when pid is gone
  local pid=$1; shift
  until "$@" >/dev/null 2>&1; do
    alive "$pid" || return 1
    (( SECONDS < deadline )) || { late=1; return 1; }
    sleep 0.05
  done; }
deadline=$((SECONDS + wait)); late=0

for try in 1 2 3; do
  port; eport=$REPLY; port; epeer=$REPLY; etcd=http://127.0.0.1:$eport
  rm -rf "$dir/etcd"
  "${pre[@]}" "$bin/etcd" --name kas --data-dir "$dir/etcd" --unsafe-no-fsync --logger zap --log-level warn \
    --heartbeat-interval 20 --election-timeout 200 --quota-backend-bytes 2147483648 \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "http://127.0.0.1:$epeer" --initial-advertise-peer-urls "http://127.0.0.1:$epeer" \
    --initial-cluster "kas=http://127.0.0.1:$epeer" </dev/null >etcd.log 2>&1 &
  epid=$!; echo $epid >etcd.pid
  up $epid curl -fsS --noproxy '*' "$etcd/health" && break
  [ $late = 0 ] && [ $try -lt 3 ] && grep -q 'address already in use' etcd.log || fail "etcd did not start"
done

for try in 1 2 3; do
  port; url=https://127.0.0.1:$REPLY
  argv=("$bin/kube-apiserver" \
    --etcd-servers="$etcd" \
    --bind-address=127.0.0.1 --secure-port="$REPLY" \
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none --service-cluster-ip-range=10.0.0.0/24 \
    --cert-dir="$dir/tls" --tls-cert-file="$dir/tls/apiserver.crt" --tls-private-key-file="$dir/tls/apiserver.key" \
    --client-ca-file="$dir/tls/client-ca.crt" --token-auth-file="$dir/tokens.csv" \
    --authorization-mode=RBAC --disable-admission-plugins=ServiceAccount --allow-privileged=true \
    --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
    --service-account-key-file="$dir/tls/sa.pub" --service-account-signing-key-file="$dir/tls/sa.key" \
    --profiling=false ${extra[@]+"${extra[@]}"})
  printf '%s\0' "${argv[@]}" >kube-apiserver.argv
  "${pre[@]}" "${argv[@]}" </dev/null >kube-apiserver.log 2>&1 &
  apid=$!; echo $apid >kube-apiserver.pid
  up $apid curl -fsS --noproxy '*' --cacert "$dir/tls/ca.crt" -H "Authorization: Bearer ${token[kas-admin]}" "$url/readyz" && break
  [ $late = 0 ] && [ $try -lt 3 ] && grep -q 'address already in use' kube-apiserver.log || fail "kube-apiserver was not ready"
done

# --- kubeconfigs and env --------------------------------------------------------
b64() { base64 -w0 "$1"; }
kubeconfig() { # file name user-yaml
  printf '%s\n' "apiVersion: v1" "kind: Config" "current-context: kas" \
    "clusters:" "- name: kas" "  cluster:" "    server: $url" "    certificate-authority-data: $(b64 tls/ca.crt)" \
    "contexts:" "- name: kas" "  context: {cluster: kas, user: $2, namespace: default}" \
    "users:" "- name: $2" "  user: $3" >"$1"; }
kubeconfig kubeconfig kas-admin "{token: ${token[kas-admin]}}"
kubeconfig kubeconfig.cert kas-admin-cert "{client-certificate-data: $(b64 tls/admin.crt), client-key-data: $(b64 tls/admin.key)}"
for u in $users; do kubeconfig "kubeconfig.$u" "$u" "{token: ${token[$u]}}"; done
if [ $kcm = 1 ]; then
  "${pre[@]}" "$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --leader-elect=false --port=0 --secure-port=0 \
    --controllers=namespace,serviceaccount,serviceaccount-token,root-ca-cert-publisher,garbagecollector,clusterrole-aggregation \
    --service-account-private-key-file="$dir/tls/sa.key" --root-ca-file="$dir/tls/ca.crt" \
    </dev/null >kube-controller-manager.log 2>&1 &
  echo $! >kube-controller-manager.pid
  until [ "$(curl -fsS --noproxy '*' -o /dev/null -w '%{http_code}' --cacert "$dir/tls/ca.crt" -H "Authorization: Bearer ${token[kas-admin]}" \
             "$url/api/v1/namespaces/default/serviceaccounts/default" 2>/dev/null)" = 200 ]; do
    alive "$(cat kube-controller-manager.pid)" && (( SECONDS < deadline )) || fail "kube-controller-manager was not ready"
    sleep 0.05
  done
fi
cat >env <<E
export KUBECONFIG='$dir/kubeconfig'
export KAS_DIR='$dir'
export KAS_URL='$url'
export KAS_CA='$dir/tls/ca.crt'
export KAS_TOKEN='${token[kas-admin]}'
export KAS_ETCD='$etcd'
export KAS_APISERVER_PID='$apid'
export KAS_ETCD_PID='$epid'
E

if [ $run = 1 ]; then
  . ./env; cd "$orig"; rc=0
  "${cmd[@]}" <&0 & cpid=$!
  wait "$cpid" || rc=$?
  cpid=; exit $rc                                       # finish() stops both
fi
ok=1; echo "$dir"
