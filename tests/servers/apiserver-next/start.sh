#!/usr/bin/env bash
# start.sh [OPTION...] - ../apiserver/start.sh, with the server that install.sh put into the project's cache, and as a cluster's (-c):
# the same options, the same state folder, and ../apiserver/{stop,restart}.sh end and restart it.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=apiserver-next; . "$here/../common.sh"
exec "$here/../apiserver/start.sh" -b "$(cache apiserver-next)" -c "$@"
