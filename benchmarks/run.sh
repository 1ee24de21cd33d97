#!/usr/bin/env bash
# run.sh [-s 1.20|next] [-o FOLDER] [SCENARIO...] [--runs N] [--quick] [--clients A,B] [--heartbeat-mode MODE]
#
# Installs what is missing (API server, peers), publishes the benchmarks, starts a real API server and etcd, measures the scenarios (all, if none
# is named) for this library and its peers in the same run, and writes tables, charts and samples into FOLDER (default: benchmarks/results, with
# --quick benchmarks/results/quick). See README.md.
#
#   -s  the server: kube-apiserver 1.20.2 (default), or `next`: Kubernetes 1.36's server library
#
# BENCHMARK_READYTORUN=false measures the library as a plain build, compiled when it is first called.
set -euo pipefail
origin=$PWD; cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."; here=$PWD/benchmarks
me=benchmarks; . tests/servers/common.sh
server=apiserver; output=
while getopts s:o: o; do case $o in
  s) case $OPTARG in 1.20) server=apiserver;; next) server=apiserver-next;; *) die "-s is 1.20 or next";; esac;;
  o) output=$(cd -- "$origin" && realpath -m -- "$OPTARG");;
  *) exit 2;; esac; done
shift $((OPTIND - 1))
if [ -z "$output" ]; then output=$here/results; [[ " $* " != *" --quick "* ]] || output=$here/results/quick; fi

"tests/servers/$server/install.sh"
peers=$(cache peers); "$here/peers/install.sh" "$peers"
project=$here/Flink.Kubernetes.HA.Benchmarks program=$here/Flink.Kubernetes.HA.Benchmarks/bin/published
say "publishing"
dotnet publish "$project" -c Release -r linux-x64 --self-contained false "-p:PublishReadyToRun=${BENCHMARK_READYTORUN:-true}" -o "$program" -v quiet >&2

log=$(mktemp -d); trap 'rm -rf "$log"' EXIT
if [ "$server" = apiserver ]; then
  printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata, resources: [{group: "", resources: [configmaps]}, {group: coordination.k8s.io}]}, {level: None}]\n' >"$log/policy"
  export KAS_APISERVER_FLAGS="--audit-policy-file=$log/policy --audit-log-path=$log/audit" BENCHMARK_AUDIT_LOG=$log/audit
fi
say "measuring; results: $output"
BENCHMARK_PEERS=$peers "tests/servers/$server/start.sh" -w 120 -r "$program/Flink.Kubernetes.HA.Benchmarks" --output "$output" "$@"
