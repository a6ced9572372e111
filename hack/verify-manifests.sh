#!/usr/bin/env bash
# Fails when artifacts/deploy is not what the chart makes.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

made=$(mktemp -d)
trap 'rm -rf "${made}"' EXIT
cp -R artifacts/deploy/. "${made}"
hack/update-manifests.sh "${made}"
diff -ru artifacts/deploy "${made}" || {
  echo "artifacts/deploy is not what the chart makes: run hack/update-manifests.sh" >&2
  exit 1
}
