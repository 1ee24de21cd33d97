#!/usr/bin/env bash
# install.sh [DEST] - put a small API server that is made of Kubernetes 1.36's own server library, and etcd 3.5, into the folder DEST
# (default: the project's cache, ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/apiserver-next). Nothing is installed system-wide.
#
#   DEST/kube-apiserver  k8s.io/apiserver 0.36.4 with the registry in src/: not kube-apiserver (README.md says what is genuine)
#   DEST/etcd            etcd 3.5.30, taken out of Debian's binary package etcd-server
#   DEST/versions        what was used, and the sha256 of both
#
# They have the names that KUBEBUILDER_ASSETS and ../apiserver/start.sh -b expect. Where APISERVER_NEXT_ARCHIVE names a folder with
# apiserver136.xz and etcd35.xz, they are taken from there, if these are the bytes that this script makes; otherwise they are built
# from Debian sid's packages, in six minutes on two cores, with 2.5 GB below $TMPDIR and 95 MB of downloads.
#
# Versions are pinned, so the result is the same bytes each time (-trimpath, no build id). Sid moves: a pinned version leaves the
# archive some time after a newer one comes. Then either name an archive of that day with DEBIAN_MIRROR (and DEBIAN_EXPIRED=1), or set
# UNPINNED=1 to take what sid has now, which may not build.
#
# Returns at once when DEST holds what this folder's files make. Needs: apt, dpkg, flock, xz, GNU coreutils/sed. No root, no installed Go.
# Environment: those of private_apt and work_folder in ../common.sh, TMPDIR,
#   JSON_PATCH=5: build with json-patch v5 as Debian's package does; default 4, what upstream requires (README.md, "JSON Patch").
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=apiserver-next; . "$here/../common.sh"
[ $# -le 1 ] || { echo "usage: ${0##*/} [DEST]" >&2; exit 2; }

GO=1.26                                      # not 1.27: Kubernetes 1.36 is made for 1.26
GO_DEBS=(golang-1.26-{go,src}=1.26.10-1)
ETCD_DEB=etcd-server=3.5.30-2
LIB=0.36.4
GIT_VERSION=v1.36.4+apiserver-library-with-own-registry
DEBS=(                                       # the library and everything it imports; x-tools and x-mod: for openapi-gen
  golang-cel-cel-go-dev=0.32.0+ds-5
  golang-cel-expr-dev=0.24.0-1
  golang-etcd-server-dev=3.5.30-2
  golang-github-antlr4-go-antlr-dev=4.13.1-2
  golang-github-beorn7-perks-dev=1.0.1-3
  golang-github-blang-semver-dev=4.0.0-2
  golang-github-cenkalti-backoff-v5-dev=5.0.3-4
  golang-github-cespare-xxhash-v2-dev=2.3.0-4
  golang-github-coreos-go-semver-dev=0.3.1-1
  golang-github-coreos-go-systemd-dev=22.6.0-1
  golang-github-davecgh-go-spew-dev=1.1.1-7
  golang-github-docker-spdystream-dev=0.5.0-1
  golang-github-emicklei-go-restful-dev=3.10.2-1
  golang-github-evanphx-json-patch-dev=5.7.0-2
  golang-github-felixge-httpsnoop-dev=1.0.3-3
  golang-github-fsnotify-fsnotify-dev=1.10.1-1
  golang-github-fxamacker-cbor-dev=2.9.6-2
  golang-github-go-logr-logr-dev=1.4.4-1
  golang-github-go-logr-stdr-dev=1.2.2-4
  golang-github-go-openapi-jsonpointer-dev=1:0.23.1-1
  golang-github-go-openapi-jsonreference-dev=1:0.21.5-1
  golang-github-go-openapi-swag-dev=1:0.26.0-1
  golang-github-gogo-protobuf-dev=1.3.2-3
  golang-github-golang-protobuf-1-5-dev=1.5.4-2
  golang-github-google-gnostic-models-dev=0.7.1-1
  golang-github-google-uuid-dev=1.6.0-1
  golang-github-gorilla-websocket-dev=1.5.3-2
  golang-github-grpc-ecosystem-go-grpc-middleware-dev=2.1.0-2
  golang-github-grpc-ecosystem-grpc-gateway-dev=2.30.0-1
  golang-github-json-iterator-go-dev=1.1.12-3
  golang-github-kubernetes-gengo-dev=0.0~git20250207.1244d31-2
  golang-github-kylelemons-godebug-dev=1.1.0-2
  golang-github-modern-go-concurrent-dev=1.0.3-1.1
  golang-github-modern-go-reflect2-dev=1.0.2-2
  golang-github-munnerz-goautoneg-dev=0.0~git20191010.a7dc8b6-2
  golang-github-mxk-go-flowrate-dev=0.0~git20140419.0.cca7078-2
  golang-github-nytimes-gziphandler-dev=1.1.1-1
  golang-github-pkg-errors-dev=0.9.1-3
  golang-github-pmezard-go-difflib-dev=1.0.0-4
  golang-github-prometheus-client-golang-dev=1.23.2-5
  golang-github-prometheus-client-model-dev=0.6.2-2
  golang-github-prometheus-common-dev=0.69.0-1
  golang-github-prometheus-procfs-dev=0.21.1-1
  golang-github-spf13-cobra-dev=1.10.2-1
  golang-github-spf13-pflag-dev=1.0.10-1
  golang-github-x448-float16-dev=0.8.4-3
  golang-go.uber-multierr-dev=1.11.0-2
  golang-go.uber-zap-dev=1.27.0-2
  golang-golang-x-crypto-dev=1:0.58.0-1
  golang-golang-x-exp-dev=0.0~git20261009.ca0d7ba-1
  golang-golang-x-mod-dev=0.42.0-1
  golang-golang-x-net-dev=1:0.62.0-1
  golang-golang-x-oauth2-dev=0.37.0-1
  golang-golang-x-sync-dev=0.24.0-1
  golang-golang-x-sys-dev=0.49.0+dfsg-1
  golang-golang-x-term-dev=0.47.0-1
  golang-golang-x-text-dev=0.43.0-1
  golang-golang-x-time-dev=0.16.0-1
  golang-golang-x-tools-dev=1:0.52.0+ds-3
  golang-google-genproto-dev=0.0~git20260414.afd174a-2
  golang-google-grpc-dev=1.81.1-1
  golang-google-protobuf-dev=1.36.10-2
  golang-gopkg-inf.v0-dev=0.9.1-2
  golang-gopkg-natefinch-lumberjack.v2-dev=2.1-2
  golang-gopkg-yaml.v2-dev=2.4.4-1
  golang-gopkg-yaml.v3-dev=3.0.5-1
  golang-k8s-api-dev=0.36.4-1
  golang-k8s-apiextensions-apiserver-dev=0.36.4-1
  golang-k8s-apimachinery-dev=0.36.4-3
  golang-k8s-apiserver-dev=0.36.4-2
  golang-k8s-client-go-dev=0.36.4-1
  golang-k8s-component-base-dev=0.36.4-2
  golang-k8s-klog-dev=2.140.0-5
  golang-k8s-kms-dev=0.36.4-1
  golang-k8s-kube-openapi-dev=0.0~git20260721.d427ff9-1
  golang-k8s-sigs-apiserver-network-proxy-dev=0.36.0+ds1-2
  golang-k8s-sigs-json-dev=0.0~git20260909.11ed52e-1
  golang-k8s-sigs-randfill-dev=1.0.0-2
  golang-k8s-sigs-structured-merge-diff-v6-dev=6.4.2-1
  golang-k8s-sigs-yaml-dev=1.6.0-1
  golang-k8s-streaming-dev=0.36.2-1
  golang-k8s-utils-dev=0.0~git20260707.cf1189d-1
  golang-opentelemetry-contrib-dev=1.46.0-1
  golang-opentelemetry-otel-dev=1.46.0-3
  golang-opentelemetry-proto-dev=1.10.0-1
)
SERVER_SHA256=18bec7f135a3806fd7e0b14b1393ed1885fc3bec499a4e7c7892ec09715ff4ef
ETCD_SHA256=d24ad02a1579be534e93c9fbf229349ec0f33dde5ac25d8278c6c4071b4aec99
JSON_PATCH=${JSON_PATCH:-4}
case $JSON_PATCH in 4|5) ;; *) die "JSON_PATCH is 4 or 5";; esac

destination "${1:-$(cache apiserver-next)}"
recipe=$(cd -- "$here" && { printf '%s\n' "$SERVER_SHA256" "${DEBS[@]}"; cat src/*.go; } | sha256sum | cut -c1-16)
head="recipe $recipe apiserver $LIB golang ${GO_DEBS[0]#*=} etcd ${ETCD_DEB#*=} json-patch v$JSON_PATCH"
if installed versions "$head"; then say "up to date: $DEST"; exit 0; fi

# place SERVER ETCD: puts both into DEST, if they run.
place() {
  chmod 0755 "$1" "$2"
  [ "$("$1" --version)" = "apiserver136 $GIT_VERSION" ] || die "the new kube-apiserver does not run"
  "$2" --version >/dev/null || die "etcd does not run"
  rm -f "$DEST/versions"
  mv -f "$1" "$DEST/kube-apiserver"; mv -f "$2" "$DEST/etcd"
  record versions "$head" kube-apiserver etcd
  say "done"; cat "$DEST/versions" >&2
}
is() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# --- out of an archive ---------------------------------------------------------------------------------------------------
archive=${APISERVER_NEXT_ARCHIVE:-}
if [ -n "$archive" ] && [ "$JSON_PATCH" = 4 ]; then
  if xz -dc "$archive/apiserver136.xz" >"$DEST/.server.new" && xz -dc "$archive/etcd35.xz" >"$DEST/.etcd.new" &&
    is "$DEST/.server.new" $SERVER_SHA256 && is "$DEST/.etcd.new" $ETCD_SHA256; then
    say "out of $archive"
    place "$DEST/.server.new" "$DEST/.etcd.new"
    exit 0
  fi
  rm -f "$DEST"/.{server,etcd}.new
  say "$archive does not hold the programs that this recipe makes: they are built"
fi

# --- out of Debian's packages ----------------------------------------------------------------------------------------------
needs apt-get dpkg
if [ "${UNPINNED:-0}" = 1 ]; then
  DEBS=("${DEBS[@]%%=*}"); GO_DEBS=("${GO_DEBS[@]%%=*}"); ETCD_DEB=${ETCD_DEB%%=*}
fi
work_folder
private_apt sid
say "apt: golang-$GO, etcd-server, ${#DEBS[@]} golang-*-dev"
mkdir -p "$W"/{dl,root,out,gopath/src/kas136/generated}
cd "$W/dl"; apt download "$ETCD_DEB" "${GO_DEBS[@]}" "${DEBS[@]}"
say "unpack"
unpack . "$W/root"
gocode=$W/root/usr/share/gocode

# Upstream's apiserver requires json-patch v4 (gopkg.in/evanphx/json-patch.v4); the package of Debian was switched to v5, which answers
# some patches differently. The same .deb still has v4 beside v5: go back to what upstream uses.
if [ "$JSON_PATCH" = 4 ]; then
  mapfile -t users < <(grep -rlF '"github.com/evanphx/json-patch/v5"' --include='*.go' "$gocode"/src/k8s.io/{apiserver,apimachinery,client-go}/)
  [ ${#users[@]} -gt 0 ] || die "nothing imports json-patch v5: look at the patches of the package again"
  sed -i -E 's#^(\s*(jsonpatch )?)"github.com/evanphx/json-patch/v5"#\1"github.com/evanphx/json-patch"#' "${users[@]}"
fi

offline_go "$W/root/usr/lib/go-$GO"; export GOPATH=$W/gopath:$gocode
main=$W/gopath/src/kas136
cp "$here"/src/*.go "$main/"; cd "$main"

say "go build openapi-gen"
nice go build -o "$W/openapi-gen" k8s.io/kube-openapi/cmd/openapi-gen
say "generate the OpenAPI definitions"
# The report of API rules that upstream's types break is not ours to act on.
nice "$W/openapi-gen" --output-dir "$main/generated" --output-pkg kas136/generated --output-file openapi.go -r "$W/violations" \
  k8s.io/api/{core,coordination,rbac,authorization,authentication}/v1 \
  k8s.io/apimachinery/pkg/{apis/meta/v1,runtime,version,api/resource,util/intstr} 2>"$W/openapi.log" ||
  { tail "$W/openapi.log" >&2; die openapi-gen; }
say "go build kube-apiserver (minutes)"
V=; for kv in gitMajor=1 gitMinor=36 "gitVersion=$GIT_VERSION" gitCommit= gitTreeState= buildDate=1970-01-01T00:00:00Z; do
  V+=" -X k8s.io/component-base/version.$kv"
done
nice go build -trimpath -ldflags "-s -w -buildid=$V" -o "$W/out/kube-apiserver" .
cp "$W/root/usr/bin/etcd" "$W/out/etcd"
[ "$JSON_PATCH" = 5 ] || is "$W/out/kube-apiserver" $SERVER_SHA256 || say "note: these are not the bytes of the archive"
place "$W/out/kube-apiserver" "$W/out/etcd"
