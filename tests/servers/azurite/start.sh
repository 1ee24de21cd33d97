#!/usr/bin/env bash
# start.sh [-b DEST] - start Azurite's blob service, print its port, and keep it until standard input ends (so it ends with the process at the other end
# of that pipe, however that ends). Data is in memory; the account is the well-known devstoreaccount1.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=azurite; . "$here/../common.sh"
dest=$(cache azurite)
while getopts b: o; do case $o in b) dest=$OPTARG;; *) exit 2;; esac; done
needs node
[ -d "$dest/node_modules/azurite" ] || die "azurite is not in $dest: run install.sh"
free_port; port=$REPLY
folder=$(mktemp -d -t azurite.XXXXXX); log=$folder/log
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM HUP
(cd "$folder" && exec node "$dest/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 --blobPort "$port" --silent --disableTelemetry --inMemoryPersistence --skipApiVersionCheck) >"$log" 2>&1 </dev/null &
server=$!
deadline=$((SECONDS + 60)); late=0
until_ready "$server" in_use "$port" || { tail -n 20 "$log" >&2; die "azurite did not start"; }
echo "$port"
cat >/dev/null || true
