#!/bin/bash
# What k3s does when it is ready: its kubeconfig is in its place, and it logs the line that Testcontainers waits for.
cat "$KAS_DIR/kubeconfig.cert" >/etc/rancher/k3s/k3s.yaml
echo 'stand-in for k3s: Node controller sync successful'
exec sleep infinity
