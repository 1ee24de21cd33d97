#!/usr/bin/env bash
# install.sh [DEST] - put Azurite, Microsoft's emulator of Azure Blob Storage, into the directory DEST, from the npm registry. No install script of a
# package runs. DEST is ${XDG_CACHE_HOME:-~/.cache}/flink-kubernetes-ha/azurite where it is not given. 365 MB, 12 to 45 s.
#
# Idempotent: returns at once when DEST holds this version intact. Needs: node (20 or later), npm, flock.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=azurite; . "$here/../common.sh"
[ $# -le 1 ] || { echo "usage: ${0##*/} [DEST]" >&2; exit 2; }
VERSION=3.37.0

destination "${1:-$(cache azurite)}"
head="recipe 1 azurite $VERSION"
if installed azurite-version "$head"; then say "up to date: $DEST"; exit 0; fi
needs node npm
say "npm: azurite $VERSION"
rm -rf "$DEST/azurite-version" "$DEST/node_modules"
log=$(mktemp)
npm install --prefix "$DEST" --ignore-scripts --no-audit --no-fund --no-save --no-package-lock "azurite@$VERSION" >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; die "npm failed"; }
rm -f "$log"
cd "$DEST"
node node_modules/azurite/dist/src/blob/main.js --version >/dev/null 2>&1 || die "azurite does not run: $(node --version)"
record azurite-version "$head" node_modules/azurite/package.json node_modules/azurite/dist/src/blob/main.js
say "done: $(du -sm "$DEST" | cut -f1) MB"
