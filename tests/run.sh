#!/usr/bin/env bash
# tests/run.sh [-c CONFIGURATION] [--no-build] - run all tests.
#
# The tests on a real API server run on two: kube-apiserver 1.20.2, and a current one (tests/servers/apiserver-next). Some of them run on
# K3s in a container too, where a Docker engine answers or can be started (tests/servers/docker.sh). The image is a stand-in of ours
# (tests/servers/k3s-stand-in), or the one that FLINK_HA_K3S_IMAGE names. FLINK_HA_TEST_SERVER, USE_EXISTING_CLUSTER=true or
# KUBEBUILDER_ASSETS choose one server instead: see tests/servers/README.md.
#
# Needs the .NET SDK and this system's package manager (Debian bookworm, amd64): what is missing is installed with apt, as root or with
# sudo, and the servers are built once into the project's cache (about three and six minutes). APISERVER_NEXT_ARCHIVE spares the six.
#
# At last tests/check-published.sh publishes a program trimmed and as NativeAOT, and runs both.
#
# Prints a table of suites and servers; the last line is "N passed, N failed". Fails when a test failed, or none ran.
# Results as TRX: artifacts/test-results.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
me=tests; . tests/servers/common.sh
configuration=Release; build=1
while [ $# -gt 0 ]; do case $1 in
  -c) configuration=$2; shift 2;;
  --no-build) build=0; shift;;
  *) echo "usage: tests/run.sh [-c CONFIGURATION] [--no-build]" >&2; exit 2;;
esac; done
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
# No build server may outlive this script and hold its output open.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
exec </dev/null

# --- what the servers need -------------------------------------------------------------------------------------------
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need curl curl; need openssl openssl; need setpriv util-linux; need setsid util-linux; need flock util-linux; need find findutils
need apt-get apt; need dpkg dpkg; need dpkg-source dpkg-dev; need xz xz-utils; need kubectl kubernetes-client
need node nodejs; need npm npm
apt_install "${missing[@]}"

# Each returns at once when it is there.
tests/servers/apiserver/install.sh
tests/servers/s3/install.sh
tests/servers/azurite/install.sh
servers=(1.20 next k3s)
if [ -n "${FLINK_HA_TEST_SERVER:-}" ]; then servers=("$FLINK_HA_TEST_SERVER")
elif [ "${USE_EXISTING_CLUSTER:-}" = true ]; then servers=(existing)
elif [ -n "${KUBEBUILDER_ASSETS:-}" ]; then servers=(assets)
fi
next=0; [[ " ${servers[*]} " != *" next "* ]] || tests/servers/apiserver-next/install.sh || next=$?

# --- build and run ---------------------------------------------------------------------------------------------------
if [ $build = 1 ]; then
  say "build ($configuration)"
  dotnet build Flink.Kubernetes.HA.sln -c "$configuration" -v quiet -warnaserror >&2
fi

results=artifacts/test-results; rm -rf "$results"; mkdir -p "$results"
trap '[ -z "${engine:-}" ] || tests/servers/docker.sh stop "$engine"; kill $(jobs -p) 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP

# row LABEL SUITE SERVER PASSED FAILED SECONDS
row() { printf '%s\t' "${@:2}" >"$results/$1.row"; }

# suite LABEL PROJECT SERVER FILTER...: runs a project's tests with the environment as it is.
suite() {
  local label=$1 name=$2 server=$3 began=$SECONDS good=0 bad=1 code=0; shift 3
  local trx=$PWD/$results/$label.trx log=$results/$label.log
  row "$label" "$name" "$server" 0 1 "killed"
  say "$name on $server"
  # It ends with this script, however that ends; the servers that it has started end with it.
  setpriv --pdeathsig TERM -- timeout -k 30 1200 "tests/$name/bin/$configuration/net10.0/$name" "$@" -trx "$trx" -noLogo -noColor >"$log" 2>&1 &
  wait $! || code=$?
  grep -aE '\[FAIL\]' -A 6 "$log" >&2 || true
  grep -aE '\[FAIL\]' "$log" | sed -E "s/^ */$label: /" >>"$results/failed.txt" || true
  if [ -s "$trx" ]; then
    number() { grep -aoE '<Counters [^>]*>' "$trx" | head -n 1 | sed -nE "s/.* $1=\"([0-9]+)\".*/\1/p"; }
    good=$(number passed); bad=$(($(number failed) + $(number error)))
    [ $code = 0 ] || [ $bad != 0 ] || { say "$name on $server ended with exit code $code"; bad=1; }
  else
    # It was killed or has crashed.
    say "$name wrote no results:"; tail -n 40 "$log" >&2
  fi
  row "$label" "$name" "$server" "$good" "$bad" $((SECONDS - began))
}

real=Flink.Kubernetes.HA.RealServer.Tests
for project in tests/*/*.Tests.csproj; do
  name=$(basename "$project" .csproj)
  case $name in
    "$real") ;;
    *.Storage.Tests) suite "1.$name" "$name" "files, Ceph S3, Azurite";;
    *) suite "1.$name" "$name" "in memory";;
  esac
done

# What these tests do most of the time is wait for leases: two servers at once.
for server in "${servers[@]}"; do
  case $server in
    1.20) FLINK_HA_TEST_SERVER=cache suite "2.$real.$server" $real "kube-apiserver 1.20.2" &;;
    next)
      if [ $next = 0 ]; then
        FLINK_HA_TEST_SERVER=assets KUBEBUILDER_ASSETS=$(cache apiserver-next) suite "2.$real.$server" $real "apiserver 0.36.4" &
      else
        say "the current API server could not be installed: the tests on it did not run"
        row "2.$real.$server" $real "apiserver 0.36.4" - - "not run"
      fi;;
    k3s) ;;
    *) FLINK_HA_TEST_SERVER=$server suite "2.$real.$server" $real "$server" &;;
  esac
done
wait

if [[ " ${servers[*]} " == *" k3s "* ]]; then
  docker=0; engine=$(tests/servers/docker.sh start $$) || docker=$?
  if [ $docker = 0 ]; then
    . "$engine/env"
    export FLINK_HA_K3S_IMAGE=${FLINK_HA_K3S_IMAGE:-flink-ha/k3s-stand-in}
    [ "$FLINK_HA_K3S_IMAGE" != flink-ha/k3s-stand-in ] || tests/servers/k3s-stand-in/build.sh || docker=$?
  fi
  if [ $docker = 0 ]; then
    # A smoke test: the fixture itself, and the stories of others on the same objects.
    FLINK_HA_TEST_SERVER=k3s suite "3.$real.k3s" $real "$FLINK_HA_K3S_IMAGE" \
      -class "$real.RealApiServerTests" -class "$real.StateHandleTests" -class "$real.InteroperationTests"
  else
    say "the tests on K3s did not run"
    row "3.$real.k3s" $real K3s - - "not run"
  fi
fi

# --- published -------------------------------------------------------------------------------------------------------
say "published trimmed and as NativeAOT"
began=$SECONDS; log=$results/4.published.log; good=0; bad=1
row 4.published "published trimmed and as NativeAOT" "in memory, 1.20.2" 0 1 killed
setpriv --pdeathsig TERM -- timeout -k 30 3600 tests/check-published.sh >"$log" &
wait $! || true
grep -vE '^(PASS| )' "$log" >&2 || true
if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then good=${BASH_REMATCH[1]}; bad=${BASH_REMATCH[2]}; fi
row 4.published "published trimmed and as NativeAOT" "in memory, 1.20.2" $good $bad $((SECONDS - began))

# --- sum -------------------------------------------------------------------------------------------------------------
say "results: $results"
passed=0; failed=0
line() { printf '%-40s %-24s %7s %7s %8s\n' "$@"; }
line suite server passed failed seconds
for file in "$results"/*.row; do
  IFS=$'\t' read -r -a cells <"$file" || true
  line "${cells[@]}"
  passed=$((passed + ${cells[2]/-/0})); failed=$((failed + ${cells[3]/-/0}))
done
# Beside the table, because a record of a run may keep no more than its end.
cat "$results/failed.txt" 2>/dev/null || true
echo "$passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
