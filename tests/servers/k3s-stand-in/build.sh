#!/usr/bin/env bash
# build.sh [ASSETS [IMAGE]] - make an image that Testcontainers takes for K3s, of the kube-apiserver and etcd in the folder ASSETS
# (KUBEBUILDER_ASSETS, otherwise the project's cache of ../apiserver-next), and give it to the Docker engine as IMAGE
# (flink-ha/k3s-stand-in). For machines that have an engine, and no registry to pull K3s from.
#
# The image holds the two servers, ../apiserver/start.sh with the few programs of this system that it calls, and the libraries that
# these link. Needs: docker, ldd, tar.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd); me=k3s-stand-in; . "$here/../common.sh"
assets=${1:-${KUBEBUILDER_ASSETS:-$(cache apiserver-next)}}; image=${2:-flink-ha/k3s-stand-in}
for b in kube-apiserver etcd; do [ -x "$assets/$b" ] || die "there is no $assets/$b"; done
needs docker ldd tar
work_folder
root=$W/root
mkdir -p "$root"/{assets,dev,etc/rancher/k3s,proc,run,servers,sys,tmp,usr/bin,usr/lib,usr/lib64,var/lib,var/run}
for d in bin lib lib64; do ln -s "usr/$d" "$root/$d"; done

take() { # PATH : a program, and what the loader finds for it
  local library
  for library in $(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+'); do
    [ -e "$root$library" ] || { mkdir -p "$root${library%/*}"; cp -L "$library" "$root$library"; }
  done
}
for b in bash base64 cat curl df dirname env grep head ls mkdir mktemp openssl rm sed seq setpriv setsid sleep tail tr; do
  path=$(command -v "$b") || die "$b is missing"
  cp -L "$path" "$root/usr/bin/$b"; take "$path"
done
for b in kube-apiserver etcd; do cp -L "$assets/$b" "$root/assets/$b"; take "$assets/$b"; done
ln -s bash "$root/usr/bin/sh"
mkdir -p "$root/etc/ssl" "$root/usr/lib/ssl"
cp -L "$(openssl version -d | sed -n 's/^OPENSSLDIR: "\(.*\)"/\1/p')/openssl.cnf" "$root/etc/ssl/openssl.cnf"
echo 'root:x:0:0:root:/root:/bin/bash' >"$root/etc/passwd"
cp "$here/../common.sh" "$root/servers/"; cp -r "$here/../apiserver" "$root/servers/apiserver"; cp "$here"/{entrypoint,serve}.sh "$root/servers/"

tar -C "$root" -c . | docker import \
  --change 'ENTRYPOINT ["/bin/bash", "/servers/entrypoint.sh"]' --change 'ENV PATH=/usr/bin OPENSSL_CONF=/etc/ssl/openssl.cnf' \
  --change 'EXPOSE 6443' - "$image" >/dev/null
say "$image: $("$assets/kube-apiserver" --version), $(du -sm "$root" | cut -f1) MB"
