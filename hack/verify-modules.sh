#!/usr/bin/env bash
# Fails when go mod tidy would change a module.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for module in . hack/tools test/esoclient; do
  (cd "${module}" && go mod tidy -diff)
done

