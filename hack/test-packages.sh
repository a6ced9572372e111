#!/usr/bin/env bash
# Prints the packages of one kind, one a line: "integration" for those whose tests start a control plane, "unit" for the
# others that have tests, "slow" for those of either that have tests whose names begin with TestSlow_.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=${1:?usage: test-packages.sh unit|integration|slow}
if [[ ${kind} == slow ]]; then
  # git grep says by 1 that there are none.
  { git grep --untracked -lE '^func TestSlow_' -- '*_test.go' || (($? == 1)); } | xargs -r -n1 dirname | sort -u | sed 's|^|./|'
  exit
fi
module=$(go list -m)
go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
  awk -v kind="${kind}" -v module="${module}" '
    BEGIN { starts[module "/test/controlplane"] = starts[module "/test/e2e/framework"] = 1 }
    {
      integration = $1 == module "/test/controlplane"
      for (i = 2; i <= NF; i++) if ($i in starts) integration = 1
      if (NF > 1 && integration == (kind == "integration")) print $1
    }'
