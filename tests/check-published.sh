#!/usr/bin/env bash
# tests/check-published.sh - publishes tests/Flink.Kubernetes.HA.PublishCheck trimmed and as NativeAOT, and runs both: they elect, checkpoint,
# restore and follow, with each kind of credential of a kubeconfig. The server is the in-memory one, by HTTPS; for client certificates, which
# that one does not ask for, it is kube-apiserver 1.20.2.
#
# Needs the .NET SDK, and for NativeAOT a C compiler and zlib: what is missing is installed with apt, as root or with sudo. The first run
# downloads the packs of the runtime and of the ahead-of-time compiler.
#
# Prints sizes, warnings and times; the last line is "N passed, N failed". Results: artifacts/published.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
me=published; . tests/servers/common.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
out=$PWD/artifacts/published; rm -rf "$out"; mkdir -p "$out"/{server,storage}
check=Flink.Kubernetes.HA.PublishCheck passed=0 failed=0
pass() { passed=$((passed + 1)); printf 'PASS  %s\n' "$*"; }
fail() { failed=$((failed + 1)); printf 'FAIL  %s\n' "$*"; }

missing=()
command -v clang >/dev/null || command -v gcc >/dev/null || missing+=(gcc libc6-dev)
[ -r /usr/include/zlib.h ] || missing+=(zlib1g-dev)
apt_install "${missing[@]}"
tests/servers/apiserver/install.sh

# --- publish ---------------------------------------------------------------------------------------------------------
# A warning is ours when its file or its member is. (In brackets at the end of the line is the project, which is always ours.)
warnings() { grep -E 'warning IL[0-9]+:' "$out/$1.log" | sed -E 's/ \[[^]]*\]$//' | sort -u || true; }
ours() { grep -E 'Flink\.|: Program\.' || true; }
size() { # PATH: without what is for debuggers and editors
  find "$1" -type f ! -name '*.pdb' ! -name '*.dbg' ! -name '*.xml' -printf '%s\n' | awk '{ sum += $1 } END { printf "%.1f MB", sum / 1000000 }'
}

published() { # MODE
  local mode=$1 began=$SECONDS of_us
  say "publishing: $mode"
  if ! nice dotnet publish "tests/$check" -c Release -p:PublishedAs="$mode" -o "$out/$mode" -v quiet >"$out/$mode.log" 2>&1; then
    tail -n 20 "$out/$mode.log" >&2; fail "$mode: published"; return
  fi
  echo "$mode: published in $((SECONDS - began)) s; folder $(size "$out/$mode"), program $(size "$out/$mode/$check")"
  echo "$mode: $(warnings "$mode" | wc -l) warnings; by namespace:" \
    "$(warnings "$mode" | grep -oE 'IL[0-9]+: [A-Za-z0-9]+' | awk '{ count[$2]++ } END { for (name in count) printf "%s %d ", name, count[name] }')"
  of_us=$(warnings "$mode" | ours)
  if [ -z "$of_us" ]; then pass "$mode: no warning about our code"; else echo "$of_us"; fail "$mode: no warning about our code"; fi
}
published trimmed
published aot

# --- run -------------------------------------------------------------------------------------------------------------
say "the in-memory server"
nice dotnet publish tests/published/Server.cs -c Release -o "$out/server" -v quiet >&2
coproc server { exec "$out/server/Server" "$out/token"; }
read -r -t 60 line <&"${server[0]:-}" && [ "$line" = ready ] || die "the in-memory server did not start"

cat >"$out/plugin.sh" <<'P'
#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "of-the-plugin"}}'
P
chmod +x "$out/plugin.sh"
exec_user='exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, interactiveMode: Never}'
sed "s|token: \"of-the-kubeconfig\"|$exec_user|" "$out/token" >"$out/exec"
sed 's|of-the-kubeconfig|of-nobody|' "$out/token" >"$out/refused"

ran() { # MODE CREDENTIAL KUBECONFIG: sets took and log
  local began; began=$(date +%s%N); log=$out/$1.$2.log
  [ -x "$out/$1/$check" ] || { echo "not published" >"$log"; return 2; }
  local code=0; timeout 90 "$out/$1/$check" --kubeconfig "$3" --namespace default --storage "$out/storage" >"$log" 2>&1 || code=$?
  took=$((($(date +%s%N) - began) / 1000000)); return $code
}
holds() { # MODE CREDENTIAL KUBECONFIG
  if ran "$@" && [ "$(tail -n 1 "$log")" = OK ]; then pass "$1: $2, $took ms"; else fail "$1: $2"; tail -n 30 "$log"; fi
}

# A server here is a coprocess: it ends when its standard input does, so with this script, however that ends.
stopped() { local id=${server_PID:-}; [ -n "$id" ] || return 0; eval "exec ${server[1]}>&-"; wait "$id" || true; }

for mode in trimmed aot; do
  holds $mode token "$out/token"
  [ ! -s "$out/$mode.token.log" ] || sed 's/^/      /' "$out/$mode.token.log"
  holds $mode exec "$out/exec"
  # So that the check is known to fail when something does not hold, and to say why.
  if ! ran $mode refused "$out/refused" && grep -q 'KubernetesHaException: .*401' "$log"; then pass "$mode: a wrong token is refused"
  else fail "$mode: a wrong token is refused"; tail -n 30 "$log"; fi
done

stopped

say "kube-apiserver 1.20.2"
coproc server { unset KUBEBUILDER_ASSETS; exec tests/servers/apiserver/start.sh -r bash -c 'echo "$KAS_DIR"; read -r' 2>"$out/kube-apiserver.log"; }
if read -r -t 120 folder <&"${server[0]:-}"; then
  for mode in trimmed aot; do holds $mode certificates "$folder/kubeconfig.cert"; done
else
  cat "$out/kube-apiserver.log" >&2
  for mode in trimmed aot; do fail "$mode: certificates: kube-apiserver did not start"; done
fi
stopped

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
