#!/usr/bin/env bash
# Runs every fuzz target of this module for FUZZTIME (10s), or those whose names begin with an argument, one after another:
# "FUZZTIME=10m hack/fuzz.sh FuzzRender". It stops at the first finding and says where its input was written. Each target
# has FUZZPARALLEL (2) workers.
set -o errexit -o nounset -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly fuzztime=${FUZZTIME:-10s} parallel=${FUZZPARALLEL:-2}
log=$(mktemp)
# Go keeps what earlier runs found interesting, and replays all of it first: after a long run, a short one would do nothing
# else. So each begins with the seeds alone.
kept=$(mktemp -d)
trap 'rm -rf "${log}" "${kept}"' EXIT

# wanted tells whether the target was asked for.
wanted() {
  local target=$1 prefix
  shift
  for prefix in "$@"; do if [[ ${target} == "${prefix}"* ]]; then return 0; fi; done
  (($# == 0))
}

# fuzz gives little time to making inputs shorter: Go's own minute for each that is new would be all there is.
fuzz() {
  go test -run '^$' -fuzz "^$2\$" -fuzztime "${fuzztime}" -fuzzminimizetime 200x -parallel "${parallel}" "./$1" \
    -args -test.fuzzcachedir="${kept}/$1" >"${log}" 2>&1
}

# fault prints what was found, and fails.
fault() {
  printf '%-36s %s\n' "$1.$2" FOUND
  cat "${log}"
  input=$(sed -n 's/^ *Failing input written to //p' "${log}")
  if [[ -n ${input} ]]; then
    printf '\nThe input is in %s/%s: mend what it shows, and keep the file, which every run of the tests tries from then on.\n' "$1" "${input}"
  fi
  exit 1
}

count=0
while IFS=: read -r file target; do
  folder=$(dirname "${file}")
  if ! wanted "${target}" "$@"; then continue; fi
  # Go fails a target whose worker is busy when the time is over (golang.org/issue/56238): no finding, hence a second try.
  if ! fuzz "${folder}" "${target}"; then
    if grep -q 'Failing input written' "${log}" || ! grep -q 'context deadline exceeded' "${log}"; then fault "${folder}" "${target}"; fi
    fuzz "${folder}" "${target}" || fault "${folder}" "${target}"
  fi
  printf '%-56s %s\n' "${folder}.${target}" "$(sed -n 's/^fuzz: elapsed: [^,]*, //p' "${log}" | tail -1)"
  count=$((count + 1))
done < <(git ls-files --cached --others --exclude-standard -- '*_test.go' ':!hack/*' |
  xargs grep -oHE '^func Fuzz[A-Z][A-Za-z0-9]*\(' | sed -E 's/:func ([A-Za-z0-9]+)\(/:\1/' | sort)
if ((count == 0)); then
  echo "no fuzz target is called $*" >&2
  exit 1
fi
printf '%d targets of %s each, no finding\n' "${count}" "${fuzztime}"
