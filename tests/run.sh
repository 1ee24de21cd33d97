#!/usr/bin/env bash
# tests/run.sh [-c CONFIGURATION] [--no-build] - run all tests.
#
# Needs the .NET SDK and, for the real API server, this system's package manager (Debian bookworm, amd64): what is
# missing is installed with apt, as root or with sudo, and kube-apiserver and etcd are built once into the project's
# cache (about three minutes). See tests/apiserver/README.md for using a cluster or binaries of your own.
#
# The real S3 server is Ceph's, unpacked from Debian's packages into the project's cache: see tests/s3/README.md.
#
# Ends with one line "N passed, N failed" over all test projects; fails when a test failed or none ran.
# Results as TRX: artifacts/test-results.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
configuration=Release; build=1
while [ $# -gt 0 ]; do case $1 in
  -c) configuration=$2; shift 2;;
  --no-build) build=0; shift;;
  *) echo "usage: tests/run.sh [-c CONFIGURATION] [--no-build]" >&2; exit 2;;
esac; done
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
# No build server may outlive this script and hold its output open.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

# --- what the real API server needs ----------------------------------------------
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need curl curl; need openssl openssl; need setpriv util-linux; need setsid util-linux; need kubectl kubernetes-client
cache=${XDG_CACHE_HOME:-$HOME/.cache}/flink-kubernetes-ha/apiserver
if [ "${USE_EXISTING_CLUSTER:-}" != true ] && [ -z "${KUBEBUILDER_ASSETS:-}" ] && [ ! -x "$cache/kube-apiserver" ]; then
  need dpkg-source dpkg-dev; need xz xz-utils; need flock util-linux; need find findutils
fi
need flock util-linux; need apt-get apt; need dpkg dpkg    # for tests/s3/install.sh
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { say "missing: ${missing[*]}; install them with this system's package manager"; exit 1; }
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  say "apt: installing ${missing[*]}"
  log=$(mktemp)
  { "${sudo[@]}" apt-get update && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    </dev/null >"$log" 2>&1 || { tail -n 20 "$log" >&2; say "apt failed: install ${missing[*]} yourself"; exit 1; }
  rm -f "$log"
fi
if [ -z "${KUBEBUILDER_ASSETS:-}" ]; then
  tests/apiserver/install.sh "$cache" </dev/null    # returns at once when it is there
fi

tests/s3/install.sh </dev/null                      # 171 MB; returns at once when it is there

# --- build and run ------------------------------------------------------------------
if [ $build = 1 ]; then
  say "build ($configuration)"
  dotnet build Flink.Kubernetes.HA.sln -c "$configuration" -v quiet -warnaserror </dev/null >&2
fi

results=artifacts/test-results; rm -rf "$results"; mkdir -p "$results"
status=0
for project in tests/*/*.Tests.csproj; do
  name=$(basename "$project" .csproj); program="tests/$name/bin/$configuration/net10.0/$name"
  say "test $name"
  timeout -k 30 1200 "$program" -trx "$PWD/$results/$name.trx" -noLogo -noColor </dev/null >"$results/$name.log" 2>&1 || status=1
  grep -aE '\[FAIL\]' -A 6 "$results/$name.log" >&2 || true
  [ -s "$results/$name.trx" ] || { say "$name wrote no results:"; tail -n 40 "$results/$name.log" >&2; status=1; }
done

# --- sum -------------------------------------------------------------------------------
passed=0; failed=0
for trx in "$results"/*.trx; do
  [ -s "$trx" ] || continue
  counters=$(grep -aoE '<Counters [^>]*>' "$trx" | head -n 1)
  number() { sed -nE "s/.* $1=\"([0-9]+)\".*/\1/p" <<<"$counters"; }
  passed=$((passed + $(number passed))); failed=$((failed + $(number failed) + $(number error)))
done
say "results: $results"
[ "$passed" -gt 0 ] || { say "no test ran"; status=1; }
[ "$failed" -eq 0 ] || status=1
echo "$passed passed, $failed failed"
exit $status
