#!/bin/bash
# Starts the servers as k3s would listen: on port 6443 of all addresses, with certificates for the names by which Testcontainers reaches
# them (the host itself, or the gateway of Docker's network). k3s's own command line is given, and says nothing to these servers.
options=()
[[ $(/assets/kube-apiserver --version) == Kubernetes* ]] || options+=(-c)    # the server of apiserver-next
export KAS_EXTRA_NAMES=DNS:$HOSTNAME,DNS:host.docker.internal,IP:172.17.0.1
exec /bin/bash /servers/apiserver/start.sh -b /assets -d /var/lib/rancher-k3s -l 0.0.0.0 -p 6443 "${options[@]}" -r /bin/bash /servers/serve.sh
