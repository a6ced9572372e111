#!/usr/bin/env bash
# Renders artifacts/deploy from the chart: with an argument, into that folder. What kustomize needs beside, its kustomizations and
# the namespace, is written by hand.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${1:-artifacts/deploy}
helm=$(go run ./hack/controlplane tool helm)
home=$(mktemp -d)
trap 'rm -rf "${home}"' EXIT

# render FILE TEMPLATE VALUES... writes what a template of the chart comes to.
render() {
  local file=$1 template=$2
  shift 2
  mkdir -p "$(dirname "${out}/${file}")"
  {
    echo "# Made from the chart by hack/update-manifests.sh."
    HOME=${home} KUBECONFIG=/dev/null "${helm}" template external-secrets-apiserver artifacts/chart/external-secrets-apiserver \
      --namespace external-secrets --show-only "templates/${template}.yaml" \
      --set image.tag=latest "${@/#/--set=}" |
      # Helm's own marks, empty lines, and the first separator, which nothing stands before.
      sed -e '/^# Source: /d' -e '/^ *helm\.sh\/hook/d' -e '/^$/d' | sed -e '1{/^---$/d}' |
      # What had hooks for annotations has none.
      awk '/^  annotations:$/ { held = $0; next } held != "" { if ($0 ~ /^    /) print held; held = "" } { print }'
  } >"${out}/${file}"
}

for template in serviceaccount rbac-server rbac-materializer rbac-users service statefulset poddisruptionbudget apiservice; do
  render "${template}.yaml" "${template}"
done
render rbac-generic-targets.yaml rbac-generic-targets genericTargets.enabled=true
render cert-manager/certificate.yaml certificate certificates.source=cert-manager
render materializer-namespaces/rolebindings.yaml rbac-namespaces 'materializer.namespaces={default}'
render namespaces/rolebindings.yaml rbac-namespaces 'watchNamespaces={default}'
render pushsecrets/apiservice.yaml apiservice-pushsecrets pushsecrets.enabled=true
render pushsecrets/rbac.yaml rbac-pushsecrets pushsecrets.enabled=true
render uninstall/uninstall.yaml uninstall
