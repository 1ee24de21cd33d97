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
# Environment: TMPDIR, and those of private_apt and work_folder in ../common.sh.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=s3; . "$here/../common.sh"
[ $# -le 2 ] || { echo "usage: ${0##*/} [DEST [SUITE]]" >&2; exit 2; }

SUITE=${2:-trixie}
PROGRAMS=(ceph-mon ceph-osd radosgw radosgw-admin ceph-authtool monmaptool osdmaptool)
PACKAGES=(ceph-mon ceph-osd radosgw)               # and what they depend on, if it can hold
WANTED='^(ceph-(base|common|mon|osd)|radosgw|z?lib.*)='  # a program or a library of ours

destination "${1:-$(cache s3)}"
head="recipe 1 suite $SUITE"
if installed s3-versions "$head"; then say "up to date: $DEST"; exit 0; fi
needs apt-get dpkg
work_folder
mkdir -p "$W"/{dl,root} "$W"/out/{bin,lib}

private_apt "$SUITE"
apt install --simulate "${PACKAGES[@]}"
mapfile -t debs < <(sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' "$W/apt.out" |
  LC_ALL=C sort | grep -E "$WANTED" | grep -v '^libpython')
say "apt: ${#debs[@]} packages"
(cd "$W/dl" && apt download "${debs[@]}")
size=$(du -sm "$W/dl" | cut -f1)

say "unpack ($size MB)"
unpack "$W/dl" "$W/root"

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
cd "$DEST"
record s3-versions "$head" $(find bin lib -type f | LC_ALL=C sort)
printf '# %s\n' "$version" "${debs[@]}" >>s3-versions
say "done: $version, $(du -sm "$DEST" | cut -f1) MB"
