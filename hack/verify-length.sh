#!/usr/bin/env bash
# Lists Go files that are over 300 lines, generated ones aside. A file that long is asked to be split; it fails beyond 500.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly wish=300 limit=500
git ls-files --cached --others --exclude-standard -- '*.go' ':!pkg/generated' ':!*/zz_generated.*' | while read -r file; do
  if [[ -f ${file} ]]; then wc -l "${file}"; fi
done | sort -rn | awk -v wish="${wish}" -v limit="${limit}" '
  $1 > wish { print; long++ }
  $1 > limit { failed = 1 }
  END { printf "%d files over %d lines\n", long, wish; exit failed }'
