#!/usr/bin/env bash
# start.sh [-b BINDIR] [-d DIR] [-u "alice bob"] [-w SECONDS] [-l ADDRESS] [-p PORT] [-c | -k] [-- KUBE-APISERVER-FLAG...]
# start.sh [options] -r COMMAND [ARG...]
#
# Starts etcd and kube-apiserver on free loopback ports and waits for /readyz, as controller-runtime's envtest does. With -r, runs COMMAND
# with KUBECONFIG (and the variables of DIR/env) set, stops both again, removes DIR if it was made here, and exits with COMMAND's status.
# Otherwise prints DIR and leaves both running; stop.sh DIR ends them. KAS_APISERVER_FLAGS: more flags, also with -r.
#
#   -b  where kube-apiserver and etcd are (otherwise KUBEBUILDER_ASSETS, otherwise the project's cache, where install.sh puts them)
#   -d  state folder, new or empty        (otherwise a new one below /dev/shm or $TMPDIR)
#   -u  names of users with no rights at all   (default "alice bob")
#   -w  how long to wait for /readyz, seconds  (default 60)
#   -l  the address to listen on               (default 127.0.0.1)
#   -p  the port of the API server             (default: a free one)
#   -c  as a cluster: every namespace gets the ConfigMap kube-root-ca.crt (the server of ../apiserver-next does it by itself)
#   -k  also run kube-controller-manager (install.sh with KAS_KCM=1): namespaces really go away, owned objects are collected,
#       default ServiceAccounts appear
#
# Below DIR: env (shell variables), kubeconfig (admin by token), kubeconfig.cert (admin by client certificate), kubeconfig.USER,
# tokens.csv, tls/ (ca.crt, client-ca.{crt,key}, apiserver.{crt,key}, sa.{key,pub}), *.log, *.pid, kube-apiserver.argv (for restart.sh:
# same port, same data, a new watch cache). Only this user can read it. etcd listens without TLS on loopback: for tests only.
set -euo pipefail
origin=$PWD; here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
me=apiserver; . "$here/../common.sh"
programs='etcd kube-apiserver kube-controller-manager'
bin=${KUBEBUILDER_ASSETS:-$(cache apiserver-1.20)}; dir=; users='alice bob'; wait=60; run=0; controllers=0; address=127.0.0.1; fixed=; cluster=0
while getopts b:d:u:w:l:p:ckr o; do case $o in
  b) bin=$OPTARG;; d) dir=$OPTARG;; u) users=$OPTARG;; w) wait=$OPTARG;; l) address=$OPTARG;; p) fixed=$OPTARG;;
  c) cluster=1;; k) controllers=1;; r) run=1; break;;
  *) exit 2;; esac; done
shift $((OPTIND - 1)); [ "${1:-}" != -- ] || shift
command=(); more=()
if [ $run = 1 ]; then command=("$@"); [ $# -gt 0 ] || die "-r needs a command"; else more=("$@"); fi
[ -z "${KAS_APISERVER_FLAGS:-}" ] || { read -r -a flags <<<"$KAS_APISERVER_FLAGS"; more+=("${flags[@]}"); }
bin=$(cd -- "$bin" 2>/dev/null && pwd) || die "there is no folder for -b (run install.sh)"
for b in kube-apiserver etcd; do [ -x "$bin/$b" ] || die "there is no $bin/$b (run install.sh $bin)"; done

state_folder "$dir"
trap stop_and_remove EXIT
trap 'exit 130' INT TERM HUP
# With -r neither server outlives this script, not even when it is killed.
launch=(setsid --); [ $run = 0 ] || launch=(setpriv --pdeathsig TERM -- setsid --)

# --- keys, certificates, tokens ------------------------------------------------------------------------------------
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }
authority() { # FILE COMMON-NAME
  key "$1"
  openssl req -x509 -new -sha256 -key "$1.key" -subj "/CN=$2" -days 3650 -out "$1.crt" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
certificate() { # FILE SUBJECT AUTHORITY EXTENSIONS
  key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr" 2>/dev/null
  openssl x509 -req -sha256 -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -set_serial "0x$(openssl rand -hex 8)" \
    -days 3650 -out "$1.crt" -extfile <(printf 'keyUsage=critical,digitalSignature\n%s\n' "$4") 2>/dev/null
  rm -f "$1.csr"
}
mkdir "$dir/tls"; cd "$dir/tls"
authority ca kas-ca; authority client-ca kas-client-ca
certificate apiserver /CN=kube-apiserver ca "extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local${KAS_EXTRA_NAMES:+,$KAS_EXTRA_NAMES}"
certificate admin /O=system:masters/CN=kas-admin-cert client-ca extendedKeyUsage=clientAuth
openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
cd "$dir"
declare -A token
for u in kas-admin $users; do token[$u]=$(openssl rand -hex 20); done
{ echo "${token[kas-admin]},kas-admin,kas-admin,\"system:masters\""
  for u in $users; do echo "${token[$u]},$u,$u,\"kas:users\""; done; } >tokens.csv
[ $cluster = 0 ] || more+=(--root-ca-file="$dir/tls/ca.crt")

# --- etcd and the API server; another try if somebody takes the port first -------------------------------------------
deadline=$((SECONDS + wait)); late=0
try_again() { [ $late = 0 ] && [ "$try" -lt 3 ] && grep -q 'address already in use' "$1.log"; }
get() { curl -fsS --noproxy '*' --cacert "$dir/tls/ca.crt" -H "Authorization: Bearer ${token[kas-admin]}" "$url$1"; }

for try in 1 2 3; do
  free_port; etcd=http://127.0.0.1:$REPLY; free_port; peer=http://127.0.0.1:$REPLY
  rm -rf "$dir/etcd"
  "${launch[@]}" "$bin/etcd" --name kas --data-dir "$dir/etcd" --unsafe-no-fsync --logger zap --log-level warn \
    --heartbeat-interval 20 --election-timeout 200 --quota-backend-bytes 2147483648 \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "kas=$peer" </dev/null >etcd.log 2>&1 &
  etcd_pid=$!; echo $etcd_pid >etcd.pid
  until_ready $etcd_pid curl -fsS --noproxy '*' "$etcd/health" && break
  try_again etcd || fail "etcd did not start"
done

for try in 1 2 3; do
  if [ -n "$fixed" ]; then REPLY=$fixed; else free_port; fi
  port=$REPLY; url=https://127.0.0.1:$port
  argv=("$bin/kube-apiserver" --etcd-servers="$etcd"
    --bind-address="$address" --secure-port="$port"
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none --service-cluster-ip-range=10.0.0.0/24
    --cert-dir="$dir/tls" --tls-cert-file="$dir/tls/apiserver.crt" --tls-private-key-file="$dir/tls/apiserver.key"
    --client-ca-file="$dir/tls/client-ca.crt" --token-auth-file="$dir/tokens.csv"
    --authorization-mode=RBAC --disable-admission-plugins=ServiceAccount --allow-privileged=true
    --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc
    --service-account-key-file="$dir/tls/sa.pub" --service-account-signing-key-file="$dir/tls/sa.key"
    --profiling=false ${more[@]+"${more[@]}"})
  printf '%s\0' "${argv[@]}" >kube-apiserver.argv
  "${launch[@]}" "${argv[@]}" </dev/null >kube-apiserver.log 2>&1 &
  server_pid=$!; echo $server_pid >kube-apiserver.pid
  until_ready $server_pid get /readyz && break
  try_again kube-apiserver || fail "kube-apiserver was not ready"
done

# --- kubeconfigs, controllers, env ---------------------------------------------------------------------------------
kubeconfig() { # FILE NAME USER-YAML
  printf '%s\n' "apiVersion: v1" "kind: Config" "current-context: kas" \
    "clusters:" "- name: kas" "  cluster:" "    server: $url" "    certificate-authority-data: $(base64 -w0 tls/ca.crt)" \
    "contexts:" "- name: kas" "  context: {cluster: kas, user: $2, namespace: default}" \
    "users:" "- name: $2" "  user: $3" >"$1"
}
kubeconfig kubeconfig kas-admin "{token: ${token[kas-admin]}}"
kubeconfig kubeconfig.cert kas-admin-cert "{client-certificate-data: $(base64 -w0 tls/admin.crt), client-key-data: $(base64 -w0 tls/admin.key)}"
for u in $users; do kubeconfig "kubeconfig.$u" "$u" "{token: ${token[$u]}}"; done
if [ $controllers = 1 ]; then
  "${launch[@]}" "$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --leader-elect=false --port=0 --secure-port=0 \
    --controllers=namespace,serviceaccount,serviceaccount-token,root-ca-cert-publisher,garbagecollector,clusterrole-aggregation \
    --service-account-private-key-file="$dir/tls/sa.key" --root-ca-file="$dir/tls/ca.crt" \
    </dev/null >kube-controller-manager.log 2>&1 &
  controllers_pid=$!; echo $controllers_pid >kube-controller-manager.pid
  until_ready $controllers_pid get /api/v1/namespaces/default/serviceaccounts/default || fail "kube-controller-manager was not ready"
fi
cat >env <<V
export KUBECONFIG='$dir/kubeconfig'
export KAS_DIR='$dir'
export KAS_URL='$url'
export KAS_CA='$dir/tls/ca.crt'
export KAS_TOKEN='${token[kas-admin]}'
export KAS_ETCD='$etcd'
export KAS_APISERVER_PID='$server_pid'
export KAS_ETCD_PID='$etcd_pid'
V
conclude $run ${command[@]+"${command[@]}"}
