#!/usr/bin/env bash
# Packs what is committed, twice and in two folders, and looks into the packages: README, licence, symbols, source link, same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -z "$(git status --porcelain -- src README.md LICENSE Directory.Build.props Directory.Packages.props)" ] ||
  echo "check-packages: there are changes that are not committed; what is committed is checked." >&2

for copy in one another; do
  echo "check-packages: packing in folder '$copy'"
  git clone --quiet . "$work/$copy"
  # A source link needs to know where the sources are published: without a remote there is none to test.
  git -C "$work/$copy" remote set-url origin https://github.com/example/flink-kubernetes-ha.git
  for project in Flink.Kubernetes.HA Flink.Kubernetes.HA.S3 Flink.Kubernetes.HA.AzureBlob Flink.Kubernetes.HA.Testing; do
    dotnet pack "$work/$copy/src/$project" -c Release -o "$work/$copy/packages" -p:ContinuousIntegrationBuild=true --nologo -v quiet
  done
done

dotnet run tests/packages/CheckPackages.cs -- "$work/one/packages" "$work/another/packages"
