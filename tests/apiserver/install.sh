#!/usr/bin/env bash
# install.sh [DEST] - put a real kube-apiserver and etcd into the directory DEST
# (default: the project's cache, ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/apiserver),
# from Debian bookworm's own packages only.  Nothing is installed system-wide,
# no package database is touched; everything happens in a private apt root.
#
#   DEST/kube-apiserver  1.20.2, built from Debian's source package `kubernetes`
#   DEST/etcd            3.4.23, taken out of Debian's binary package etcd-server
#   DEST/client-go-configmap  a leader-election candidate of the same source's client-go 0.20.2, to contend with
#   DEST/kas-versions    what was used, and the sha256 of both binaries
#
# Trust: apt verifies InRelease with Debian's archive keyring, then every index,
# .deb and source file by the hashes below it.  Versions are pinned, so the
# result is the same bytes each time (-trimpath, fixed build date).
#
# Idempotent: returns at once when DEST holds both at this recipe's versions.
# Needs: apt, dpkg, dpkg-dev (dpkg-source), xz, GNU coreutils/find/grep/sed.  No
# root, no compiler, no installed Go.  About 2 GB below $TMPDIR while it runs.
#
# Environment: KAS_MIRROR (default: the archive that this machine's own apt sources
#   name for the suite), KAS_SUITE (bookworm),
#   KAS_KEYRING, KAS_KCM=1 (also build kube-controller-manager: namespace
#   deletion, garbage collection, default ServiceAccounts), KAS_KEEP=1 (keep
#   the work directory), TMPDIR.
set -euo pipefail
[ $# -le 1 ] || { echo "usage: ${0##*/} [DEST]" >&2; exit 2; }
[ $# -eq 1 ] || set -- "${XDG_CACHE_HOME:-$HOME/.cache}/flink-kubernetes-ha/apiserver"

K8S_SRC='1.20.5+really1.20.2-1.1+deb12u1'   # Debian source version
K8S_VERSION=v1.20.2
K8S_COMMIT=faecb196815e248d3ecfb03c680a4507229c2a56
K8S_DATE=2021-01-13T13:20:00Z
GO=1.19; GO_DEB=1.19.8-2
ETCD_DEB=3.4.23-4+b4
REFLECT2_DEB=1.0.2-2
RECIPE=3

SUITE=${KAS_SUITE:-bookworm}
MIRROR=${KAS_MIRROR:-$(apt-get update --print-uris 2>/dev/null | sed -n "s#^'\(.*\)/dists/$SUITE/InRelease'.*#\1#p" | head -n1)}
KEYRING=${KAS_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
WANT=(kube-apiserver client-go-configmap); [ "${KAS_KCM:-0}" = 1 ] && WANT+=(kube-controller-manager)

say() { printf '[kas %4ds] %s\n' "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
mkdir -p -- "$1"; DEST=$(cd -- "$1" && pwd)
exec 9>"$DEST/.kas-lock"; flock 9            # one build at a time per DEST

head="recipe $RECIPE kubernetes $K8S_SRC golang $GO_DEB reflect2 $REFLECT2_DEB etcd $ETCD_DEB"
have() {
  [ "$(head -n1 "$DEST/kas-versions" 2>/dev/null)" = "$head" ] || return 1
  local b; for b in etcd "${WANT[@]}"; do [ -x "$DEST/$b" ] || return 1; done
  (cd "$DEST" && tail -n+2 kas-versions | sha256sum --quiet -c - >/dev/null 2>&1)
}
if have; then say "up to date: $DEST"; exit 0; fi

for c in apt-get dpkg dpkg-source xz find flock; do
  command -v "$c" >/dev/null || die "$c is missing (apt-get install dpkg-dev xz-utils)"
done
[ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 is pinned here"
[ -n "$MIRROR" ] || die "no apt source on this machine names $SUITE; set KAS_MIRROR"
[ -r "$KEYRING" ] || die "no Debian keyring at $KEYRING"

W=$(mktemp -d "${TMPDIR:-/tmp}/kas-build.XXXXXX")
cleanup() { if [ "${KAS_KEEP:-0}" = 1 ]; then say "kept $W"; else chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"; fi; }
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# --- a private apt root: own lists, cache, status; no system sources -----------
mkdir -p "$W"/apt/{empty,state/lists/partial,cache/archives/partial} "$W"/dl "$W"/root "$W"/gopath/src/k8s.io "$W"/home
: >"$W/apt/status"
cat >"$W/apt/sources.list" <<E
deb     [signed-by=$KEYRING] $MIRROR $SUITE main
deb-src [signed-by=$KEYRING] $MIRROR $SUITE main
E
cat >"$W/apt/apt.conf" <<E
Dir::Etc::sourcelist "$W/apt/sources.list";
Dir::Etc::sourceparts "$W/apt/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$W/apt/empty";
Dir::State "$W/apt/state";
Dir::State::status "$W/apt/status";
Dir::Cache "$W/apt/cache";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
E
apt() { APT_CONFIG="$W/apt/apt.conf" apt-get -q "$@" >>"$W/apt.log" 2>&1 || { tail -n20 "$W/apt.log" >&2; die "apt-get $*"; }; }

say "apt: indexes of $SUITE (private)"
apt update
say "apt: golang-$GO, etcd-server, source of kubernetes"
cd "$W/dl"
apt download "golang-$GO-go=$GO_DEB" "golang-$GO-src=$GO_DEB" "etcd-server=$ETCD_DEB" \
  "golang-github-modern-go-reflect2-dev=$REFLECT2_DEB"
apt source --download-only "kubernetes=$K8S_SRC"

say "unpack"
for d in ./*.deb; do dpkg -x "$d" "$W/root"; done
K="$W/gopath/src/k8s.io/kubernetes"
# apt has already verified every file by hash; this only unpacks and patches.
dpkg-source --no-check -x ./kubernetes_*.dsc "$K" >"$W/unpack.log" 2>&1 || { tail "$W/unpack.log" >&2; die dpkg-source; }

# Upstream built 1.20 with Go 1.15.  From Go 1.18 on, the vendored reflect2 1.0.1
# corrupts memory when json-iterator walks a map (the runtime's map iterator
# changed): the server dies with "unexpected fault address" on a JSON list.
# reflect2 1.0.2 is the release that fixes it; Debian packages it.
R=vendor/github.com/modern-go/reflect2
rm -rf "${K:?}/$R"; cp -r "$W/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$K/$R"
[ -f "$K/$R/go_above_118.go" ] || die "reflect2 is not the fixed one"

# --- build, offline, in GOPATH mode as Debian's own rules do --------------------
cd "$K"
export GOROOT="$W/root/usr/lib/go-$GO" GOPATH="$W/gopath" GOCACHE="$W/gocache" HOME="$W/home" \
       GOENV=off GO111MODULE=off GOPROXY=off GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 \
       GOTMPDIR="$W" GOAMD64=v1 PATH="$W/root/usr/lib/go-$GO/bin:$PATH"
unset GOOS GOARCH GOEXPERIMENT GO_LDFLAGS GOGC GOMEMLIMIT 2>/dev/null || true

# Upstream does not ship the main OpenAPI definitions; generate them as its
# Makefile.generated_files does, and check the same report it checks.
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
for f in "$here/elector.go" "$here/../../benchmarks/peers/elector.go"; do
  [ -f "$f" ] && cp "$f" cmd/client-go-configmap/ && break
done
V+=" -X main.lockKind=configmaps"
for b in "${WANT[@]}"; do
  say "go build $b (minutes)"
  go build -trimpath -tags providerless -ldflags "-s -w -buildid=$V" -o "$W/out/$b" "./cmd/$b"
done

# --- into place ------------------------------------------------------------------
say "install into $DEST"
cp "$W/root/usr/bin/etcd" "$W/out/etcd"
"$W/out/kube-apiserver" --version | grep -qxF "Kubernetes $K8S_VERSION" || die "the new kube-apiserver does not run"
"$W/out/etcd" --version >/dev/null || die "etcd does not run"
rm -f "$DEST/kas-versions"
for b in etcd "${WANT[@]}"; do
  install -m 0755 "$W/out/$b" "$DEST/.$b.new" && mv -f "$DEST/.$b.new" "$DEST/$b"
done
(cd "$DEST" && { echo "$head"; sha256sum etcd "${WANT[@]}"; } >.kas-versions.new && mv -f .kas-versions.new kas-versions)
say "done"; ls -l "$DEST" >&2; cat "$DEST/kas-versions" >&2
