#!/usr/bin/env bash
# install.sh [DEST [SUITE]] - put a real S3 server, Ceph's radosgw with the one monitor and the
# one object store daemon that it needs, into the directory DEST, from Debian's packages only.
# Nothing is installed system-wide, no package database is touched, no maintainer script runs.
#
# DEST is ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/s3 where it is not given.
#
#   DEST/bin          ceph-mon ceph-osd radosgw, and the tools that set them up
#   DEST/lib          Debian's loader, exactly the libraries that those link, Ceph's plugins
#   DEST/s3-versions  packages used, and the sha256 of every file
#
#   SUITE  trixie  (default) Ceph 18: stable release, so the same version next month;
#                  conditional writes only as far as README.md says
#          forky   Ceph 20: If-Match, checksums; the version moves until forky is released
#
# Trust: apt verifies InRelease with Debian's archive keyring, then index and every .deb by
# the hashes below it.  Versions are not pinned: a suite holds one version of a package, so a
# pin could only fail.  s3-versions says what came.
#
# Programs run through DEST/lib's own loader (see start.sh): no chroot, no mount, no root,
# neither to install nor to run.  DEST may be moved or copied.
# Idempotent: returns at once when DEST holds an intact SUITE; remove DEST/s3-versions to
# take the suite's newest.  Needs: apt, dpkg, flock.  About 0.7 GB below $TMPDIR while it runs.
#
# Environment: S3_MIRROR (default: the archive that this machine's own apt sources name),
#   S3_KEYRING, S3_KEEP=1 (keep the work directory), TMPDIR.
set -euo pipefail
[ $# -le 2 ] || { echo "usage: ${0##*/} [DEST [SUITE]]" >&2; exit 2; }
[ $# -gt 0 ] || set -- "${XDG_CACHE_HOME:-$HOME/.cache}/flink-kubernetes-ha/s3"

RECIPE=1
SUITE=${2:-trixie}
PROGRAMS=(ceph-mon ceph-osd radosgw radosgw-admin ceph-authtool monmaptool osdmaptool)
PACKAGES=(ceph-mon ceph-osd radosgw)               # and what they depend on, if it can hold
WANTED='^(ceph-(base|common|mon|osd)|radosgw|z?lib.*)='  # a program or a library of ours
CODENAME=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
MIRROR=${S3_MIRROR:-$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*)/dists/($SUITE|$CODENAME)/InRelease'.*#\1#p" | head -n1)}
KEYRING=${S3_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

say() { printf '[s3 %4ds] %s\n' "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }

mkdir -p -- "$1"; DEST=$(cd -- "$1" && pwd)
exec 9>"$DEST/.s3-lock"; flock 9                    # one install at a time per DEST

head="recipe $RECIPE suite $SUITE"
if [ "$(head -n1 "$DEST/s3-versions" 2>/dev/null)" = "# $head" ] &&
   (cd "$DEST" && sha256sum --quiet -c s3-versions >/dev/null 2>&1); then
  say "up to date: $DEST"; exit 0
fi

for c in apt-get dpkg flock; do command -v "$c" >/dev/null || die "$c is missing"; done
[ "$(dpkg --print-architecture)" = amd64 ] || die "only tried on amd64"
[ -n "$MIRROR" ] || die "no apt source on this machine names $SUITE or $CODENAME; set S3_MIRROR"
[ -r "$KEYRING" ] || die "no Debian keyring at $KEYRING"

W=$(mktemp -d "${TMPDIR:-/tmp}/s3-install.XXXXXX")
cleanup() { if [ "${S3_KEEP:-0}" = 1 ]; then say "kept $W"; else chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"; fi; }
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# --- a private apt root: own lists, cache, status; no system sources -------------
mkdir -p "$W"/apt/{empty,state/lists/partial,cache/archives/partial} "$W"/{dl,root} "$W"/out/{bin,lib}
: >"$W/apt/status"
echo "deb [signed-by=$KEYRING] $MIRROR $SUITE main" >"$W/apt/sources.list"
cat >"$W/apt/apt.conf" <<E
Dir::Etc::sourcelist "$W/apt/sources.list";
Dir::Etc::sourceparts "$W/apt/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$W/apt/empty";
Dir::State "$W/apt/state";
Dir::State::status "$W/apt/status";
Dir::Cache "$W/apt/cache";
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
E
apt() { APT_CONFIG="$W/apt/apt.conf" apt-get -q "$@" >"$W/apt.out" 2>&1 || { tail -n20 "$W/apt.out" >&2; die "apt-get $*"; }; }

say "apt: index of $SUITE (private)"
apt update
apt install --simulate "${PACKAGES[@]}"
mapfile -t debs < <(sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' "$W/apt.out" |
  LC_ALL=C sort | grep -E "$WANTED" | grep -v '^libpython')
say "apt: ${#debs[@]} packages"
(cd "$W/dl" && apt download "${debs[@]}")
size=$(du -sm "$W/dl" | cut -f1)

say "unpack ($size MB)"
for d in "$W"/dl/*.deb; do dpkg -x "$d" "$W/root"; done

# --- keep the programs, and what the loader finds for them and for the plugins ---
R=$W/root L=$W/root/usr/lib/x86_64-linux-gnu
for b in "${PROGRAMS[@]}"; do install -m 0755 "$R/usr/bin/$b" "$W/out/bin/"; done
cp -r "$L"/ceph/{erasure-code,extblkdev} "$L/rados-classes" "$W/out/lib/"
cp "$L/ld-linux-x86-64.so.2" "$W/out/lib/"
resolve() { "$L/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$L:$L/ceph" --list "$1"; }
find "$W/out/bin" "$W/out/lib" -type f -perm -u+r ! -name 'ld-linux*' | while read -r f; do resolve "$f" || exit; done |
  LC_ALL=C sort -u >"$W/libs" || die "a library is missing among the packages taken"
while read -r so arrow path _; do
  [ "$arrow" = '=>' ] || continue
  case $path in
    *ld-linux*) ;;
    "$L"/*) cp -L "$path" "$W/out/lib/$so" ;;
    *) die "$so: ${path:-not found} (not in the packages taken)" ;;
  esac
done <"$W/libs"

run() { local b=$1; shift; "$W/out/lib/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$W/out/lib" "$W/out/bin/$b" "$@"; }
version=$(run radosgw --version) || die "radosgw does not run"
for b in "${PROGRAMS[@]}"; do run "$b" --help >/dev/null 2>&1 || [ $? -lt 126 ] || die "$b does not run"; done

# --- into place ---------------------------------------------------------------------
say "install into $DEST"
rm -rf "$DEST/s3-versions" "$DEST/bin" "$DEST/lib"
cp -r "$W/out/bin" "$W/out/lib" "$DEST/"
(cd "$DEST" && {
  echo "# $head"; echo "# $version"; printf '# %s\n' "${debs[@]}"
  find bin lib -type f | LC_ALL=C sort | xargs sha256sum
} >.s3-versions.new && mv -f .s3-versions.new s3-versions)
say "done: $version, $(du -sm "$DEST" | cut -f1) MB"
