# Everything here needs Go, make, git and bash; the race detector needs a C compiler too, and tests go without it where
# there is none. All else is fetched as Go modules and built.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
GOFLAGS ?=
export GOFLAGS

race := $(if $(shell command -v $(shell $(GO) env CC)),-race)
say = @printf '\n==> %s\n'

# A package whose tests start a control plane is an integration package. Their tests wait more than they work, hence two
# packages, each with a cluster of its own, and many tests of each run at a time. More clusters are too much for a small machine.
clusters ?= 2
integration = $$(hack/test-packages.sh integration)
unit = $$(hack/test-packages.sh unit)

# A test whose name begins with TestSlow_ is one that `make test` leaves out and `make test-slow` runs: for what takes more
# than two minutes by itself. docs/testing.md has more.
slow = $$(hack/test-packages.sh slow)
fast := -skip '^TestSlow_'

# The oldest Kubernetes that a host may be of. Of the integration packages, few are those that depend on what a host does: for
# .ci/run, which has no time for all of them twice.
oldest := 1.34
few = ./pkg/host ./test/controlplane ./test/e2e $(addprefix ./test/e2e/,live materialize generic takeover namespaces)
on_oldest = CONTROLPLANE_KUBERNETES=$(oldest) $(GO)

.PHONY: help
help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "%-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the binaries of cmd/ into bin/.
	$(say) "building cmd/... into bin/"
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: demo
demo: ## Run the first user's cluster on this machine; ONCE=1 checks every step and exits.
	$(say) "building the demo: the first time takes a minute or two"
	@$(GO) build -o bin/demo ./hack/demo && exec bin/demo $(if $(filter-out 0,$(ONCE)),--once)

.PHONY: test
test: controlplane test-unit test-fuzz test-e2e ## Run all tests: unit, fuzz, integration, end to end.

.PHONY: controlplane
controlplane: ## Build the control plane that tests run against, once per version (minutes).
	$(say) "binaries of the control plane: built once, which takes about eight minutes on two cores, then cached"
	$(GO) run ./hack/controlplane build
	$(GO) run ./hack/controlplane tool helm

.PHONY: test-slow
test-slow: test-slow-named test-oldest ## Run what takes long: the slow tests, and those of `make test-e2e` on the oldest Kubernetes.

.PHONY: test-slow-named
test-slow-named: controlplane ## Run the tests whose names begin with TestSlow_.
	$(say) "slow tests"
	packages="$(slow)"; [[ -z $$packages ]] || $(GO) test $(race) -timeout 30m -p $(clusters) -parallel 8 -run '^TestSlow_' $$packages

.PHONY: test-oldest
test-oldest: ## Run the tests of test-e2e against a control plane of the oldest Kubernetes.
	$(say) "integration and end-to-end tests on Kubernetes $(oldest), which is built once"
	$(on_oldest) run ./hack/controlplane build
	$(on_oldest) test $(race) -timeout 20m -p $(clusters) -parallel 8 $(fast) $(integration)

.PHONY: test-oldest-few
test-oldest-few: ## Run those of test-oldest that depend most on what a host does.
	$(MAKE) test-oldest integration='$(few)'

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane.
	$(say) "unit tests$(if $(race), with the race detector,; no C compiler, hence no race detector)"
	$(GO) test $(race) -timeout 10m $(fast) $(unit)

.PHONY: test-fuzz
test-fuzz: ## Fuzz every target for FUZZTIME (10s).
	$(say) "fuzz targets: built with instrumentation once, which takes some minutes, then cached"
	hack/fuzz.sh

.PHONY: test-e2e
test-e2e: ## Run the tests against a real control plane.
	$(say) "integration and end-to-end tests$(if $(race), with the race detector,; no C compiler, hence no race detector)"
	$(GO) test $(race) -timeout 20m -p $(clusters) -parallel 8 $(fast) $(integration)

.PHONY: bench
bench: controlplane ## Run the benchmarks: of packages, and of the whole process; FULL=1 runs all of the latter, which takes most of an hour.
	$(say) "benchmarks of packages"
	$(GO) test -run '^$$' -bench . -benchmem $(unit)
	$(say) "benchmark of the whole process"
	$(GO) run ./test/benchmark $(if $(filter-out 0,$(FULL)),--full) $(BENCHFLAGS)

# What runs longest comes last.
.PHONY: verify
verify: verify-format verify-length verify-modules verify-vet verify-imports verify-manifests verify-codegen verify-lint ## Run all verify-* targets.

.PHONY: verify-format
verify-format: ## Check that Go files are formatted.
	$(say) "formatting"
	hack/verify-format.sh

.PHONY: verify-length
verify-length: ## List the Go files that are longer than they should be.
	$(say) "length of files"
	hack/verify-length.sh

.PHONY: verify-modules
verify-modules: ## Check that go.mod files name what is needed and nothing else.
	$(say) "go.mod"
	hack/verify-modules.sh

.PHONY: verify-vet
verify-vet: ## Run go vet.
	$(say) "go vet"
	$(GO) vet ./...

.PHONY: verify-imports
verify-imports: ## Check the direction of imports between the rooms of the house.
	$(say) "directions of imports"
	$(GO) test -count=1 ./test/architecture

.PHONY: verify-manifests
verify-manifests: ## Check that the manifests are what the chart makes, build, and agree with the code.
	$(say) "manifests"
	$(GO) run ./hack/controlplane build >/dev/null
	hack/verify-manifests.sh
	$(GO) test -count=1 ./test/manifests

.PHONY: verify-codegen
verify-codegen: ## Check that generated code is what the generators make.
	$(say) "generated code"
	hack/verify-codegen.sh

.PHONY: verify-lint
verify-lint: ## Run golangci-lint.
	$(say) "golangci-lint: built once, which takes some minutes, then cached"
	hack/lint.sh

.PHONY: update-codegen
update-codegen: ## Regenerate generated code.
	$(say) "generating code"
	hack/update-codegen.sh

.PHONY: update-manifests
update-manifests: ## Render artifacts/deploy from the chart.
	$(say) "rendering artifacts/deploy"
	hack/update-manifests.sh

.PHONY: clean
clean: ## Remove what was built, and what the demo left; the cached control plane stays.
	rm -rf bin .demo
