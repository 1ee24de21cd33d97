#!/usr/bin/env bash
# install.sh [DEST] - put a real kube-apiserver and etcd into the folder DEST (default: the project's cache, which is
# ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/apiserver-1.20), from Debian's own packages only. Nothing is installed system-wide.
#
#   DEST/kube-apiserver  1.20.2, built from Debian bookworm's source package `kubernetes`
#   DEST/etcd            3.5.16, taken out of Debian trixie's binary package etcd-server
#   DEST/client-go-configmap  a leader-election contender of the same source's client-go 0.20.2
#   DEST/versions        what was used, and the sha256 of the programs
#
# Versions are pinned, so the result is the same bytes each time (-trimpath, fixed build date).
# Returns at once when DEST holds these versions. Needs: apt, dpkg, dpkg-dev (dpkg-source), xz, flock, GNU coreutils/find/grep/sed.
# No root, no compiler, no installed Go. About 2 GB below $TMPDIR while it runs.
#
# Environment: KAS_KCM=1 (also build kube-controller-manager: namespace deletion, garbage collection, default ServiceAccounts),
# TMPDIR, and those of private_apt and work_folder in ../common.sh.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=apiserver; . "$here/../common.sh"
[ $# -le 1 ] || { echo "usage: ${0##*/} [DEST]" >&2; exit 2; }

K8S_SRC='1.20.5+really1.20.2-1.1+deb12u1'   # Debian source version
K8S_VERSION=v1.20.2
K8S_COMMIT=faecb196815e248d3ecfb03c680a4507229c2a56
K8S_DATE=2021-01-13T13:20:00Z
GO=1.19; GO_DEB=1.19.8-2
ETCD_DEB=3.5.16-4
REFLECT2_DEB=1.0.2-2
WANT=(kube-apiserver client-go-configmap); [ "${KAS_KCM:-0}" != 1 ] || WANT+=(kube-controller-manager)

destination "${1:-$(cache apiserver-1.20)}"
head="recipe 4 kubernetes $K8S_SRC golang $GO_DEB reflect2 $REFLECT2_DEB etcd $ETCD_DEB"
missing=0; for b in etcd "${WANT[@]}"; do [ -x "$DEST/$b" ] || missing=1; done
if [ $missing = 0 ] && installed versions "$head"; then say "up to date: $DEST"; exit 0; fi
needs apt-get dpkg dpkg-source xz find
work_folder

private_apt bookworm trixie
say "apt: golang-$GO, etcd-server, source of kubernetes"
mkdir -p "$W"/{dl,root} "$W/gopath/src/k8s.io"
cd "$W/dl"
apt download "golang-$GO-go=$GO_DEB" "golang-$GO-src=$GO_DEB" "etcd-server=$ETCD_DEB" "golang-github-modern-go-reflect2-dev=$REFLECT2_DEB"
apt source --download-only "kubernetes=$K8S_SRC"
say "unpack"
unpack . "$W/root"
K=$W/gopath/src/k8s.io/kubernetes
# apt has already verified every file by hash; this only unpacks and patches.
dpkg-source --no-check -x ./kubernetes_*.dsc "$K" >"$W/unpack.log" 2>&1 || { tail "$W/unpack.log" >&2; die dpkg-source; }

# Upstream built 1.20 with Go 1.15. From Go 1.18 on, the vendored reflect2 1.0.1 corrupts memory when json-iterator walks a map (the
# runtime's map iterator changed): the server dies with "unexpected fault address" on a JSON list. reflect2 1.0.2 fixes it.
R=vendor/github.com/modern-go/reflect2
rm -rf "${K:?}/$R"; cp -r "$W/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$K/$R"
[ -f "$K/$R/go_above_118.go" ] || die "reflect2 is not the fixed one"

# --- build, offline, in GOPATH mode as Debian's own rules do ---------------------------------------------------------
cd "$K"
offline_go "$W/root/usr/lib/go-$GO"; export GOPATH=$W/gopath

# Upstream does not ship the main OpenAPI definitions; generate them as its Makefile.generated_files does, and check the same report.
say "generate pkg/generated/openapi"
go build -trimpath -o "$W/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
dirs=$(find cmd pkg plugin staging/src -type f -name '*.go' -print0 \
  | xargs -0 grep -l '^// *+k8s:' | grep -Ev '^staging/src/k8s.io/(code-generator|sample-apiserver)/' \
  | xargs grep -l '+k8s:openapi-gen=' | xargs -n1 dirname \
  | sed -e 's#^staging/src/#vendor/#' -e 's#^#k8s.io/kubernetes/#' | LC_ALL=C sort -u | paste -sd,)
"$W/openapi-gen" --logtostderr -i "$dirs" -p k8s.io/kubernetes/pkg/generated/openapi \
  -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt \
  -r "$W/violations" 2>"$W/openapi.log" || { tail "$W/openapi.log" >&2; die openapi-gen; }
cmp -s "$W/violations" api/api-rules/violation_exceptions.list || die "openapi-gen: its report is not the one upstream expects"

V=
for p in component-base/version client-go/pkg/version; do
  for kv in gitMajor=1 gitMinor=20 gitVersion=$K8S_VERSION gitCommit=$K8S_COMMIT gitTreeState=clean buildDate=$K8S_DATE; do
    V+=" -X k8s.io/kubernetes/vendor/k8s.io/$p.$kv"
  done
done
mkdir cmd/client-go-configmap
for f in "$here/elector.go" "$here/../../../benchmarks/peers/elector.go"; do
  [ ! -f "$f" ] || { cp "$f" cmd/client-go-configmap/; break; }
done
V+=" -X main.lockKind=configmaps"
for b in "${WANT[@]}"; do
  say "go build $b (minutes)"
  go build -trimpath -tags providerless -ldflags "-s -w -buildid=$V" -o "$W/out/$b" "./cmd/$b"
done

# --- into place ------------------------------------------------------------------------------------------------------
say "install into $DEST"
cp "$W/root/usr/bin/etcd" "$W/out/etcd"
"$W/out/kube-apiserver" --version | grep -qxF "Kubernetes $K8S_VERSION" || die "the new kube-apiserver does not run"
"$W/out/etcd" --version >/dev/null || die "etcd does not run"
rm -f "$DEST/versions"
for b in etcd "${WANT[@]}"; do install -m 0755 "$W/out/$b" "$DEST/.$b.new" && mv -f "$DEST/.$b.new" "$DEST/$b"; done
record versions "$head" etcd "${WANT[@]}"
say "done"; cat "$DEST/versions" >&2
