#!/usr/bin/env bash
# Runs golangci-lint, in the version that hack/tools/go.mod names, with the arguments given: "hack/lint.sh --fix ./pkg/...".
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

(cd hack/tools && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
exec bin/golangci-lint run "$@"
