#!/usr/bin/env bash
# Regenerates what k8s.io/code-generator makes of pkg/apis: deepcopy and defaults beside the types; clientset, listers,
# informers, apply configurations and OpenAPI definitions under pkg/generated.
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# "go list" names the folder of a module only once it has been downloaded.
go mod download k8s.io/code-generator
module=$(go list -m)
export GOBIN="${PWD}/bin/codegen"

# shellcheck source=/dev/null
source "$(go list -m -f '{{.Dir}}' k8s.io/code-generator)/kube_codegen.sh"

kube::codegen::gen_helpers --boilerplate hack/boilerplate.go.txt pkg/apis

kube::codegen::gen_openapi \
  --boilerplate hack/boilerplate.go.txt \
  --output-dir pkg/generated/openapi \
  --output-pkg "${module}/pkg/generated/openapi" \
  --output-model-name-file zz_generated.model_name.go \
  --extra-pkgs k8s.io/apimachinery/pkg/util/intstr \
  --report-filename hack/api-violations.list \
  --update-report \
  pkg/apis

schema=$(mktemp)
trap 'rm -f "${schema}"' EXIT
go run ./hack/models-schema >"${schema}"

kube::codegen::gen_client \
  --with-watch \
  --with-applyconfig \
  --applyconfig-openapi-schema "${schema}" \
  --boilerplate hack/boilerplate.go.txt \
  --output-dir pkg/generated \
  --output-pkg "${module}/pkg/generated" \
  pkg/apis
