#!/usr/bin/env bash
# Regenerates code in a copy of this tree and fails when something comes out different.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy=$(mktemp -d)
trap 'rm -rf "${copy}"' EXIT
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  if [[ -f ${file} ]]; then printf '%s\0' "${file}"; fi
done | tar --null --files-from=- --create --file=- | tar --extract --file=- --directory="${copy}"

"${copy}/hack/update-codegen.sh"

for generated in pkg/apis pkg/generated hack/api-violations.list; do
  if ! diff --recursive --unified "${generated}" "${copy}/${generated}"; then
    echo "${generated} is not what the generators make: run make update-codegen" >&2
    exit 1
  fi
done
