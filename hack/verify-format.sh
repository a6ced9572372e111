#!/usr/bin/env bash
# Fails when a Go file is not formatted as gofmt does.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

unformatted=$(git ls-files --cached --others --exclude-standard -- '*.go' | while read -r file; do
  if [[ -f ${file} ]]; then echo "${file}"; fi
done | xargs gofmt -l)
if [[ -n ${unformatted} ]]; then
  echo "not formatted; gofmt -w would mend it:" >&2
  echo "${unformatted}" >&2
  exit 1
fi
