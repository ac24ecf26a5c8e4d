# Two commands matter: `make demo` shows the product on a real cluster, `make test` proves it. `make help` lists the rest.

SHELL := /bin/bash
ARCH ?= $(shell go env GOARCH)
VERSION ?= dev
# Where `make push` publishes images and `make install` takes them from, such as registry.example.com/podidentity.
REGISTRY ?=
# What `make images`, `make push` and `make release` make images for.
ARCHITECTURES ?= amd64 arm64
# What `make plugin` and `make release` make kubectl pod-identity for.
PLUGIN_PLATFORMS ?= $(foreach os,linux darwin,$(ARCHITECTURES:%=$(os)/%))
# The private key that signs a release.
KEY ?=
# Where `make release` writes a release to.
DIST ?= dist
# Flags of the webhook for `make install`, such as WEBHOOK_FLAGS="--region=eu-central-1 --port=3000".
WEBHOOK_FLAGS ?=
# What `make install` installs: manifests/base, or an overlay such as manifests/overlays/cert-manager.
MANIFESTS ?= manifests/base
# Flags of the auth service; without any, `make install` leaves it out.
AUTH_FLAGS ?=
# The Kubernetes of clusters that are started, such as v1.30.14 or v1.30; without it, the newest.
export KUBERNETES ?=
# The containerd of clusters that are started, such as v2.4, with a runc of its time; without it, the machine's.
export CONTAINERD ?=
# The addresses of clusters that are started: IPv6, dual-stack or dual-stack-IPv6-first; without it, IPv4.
export IP_FAMILY ?=
# What `make compat` runs, and on what, such as CLUSTERS="v1.30.14 IPv6" SUITES=walkthrough; without them, all.
CLUSTERS ?=
SUITES ?=
# What `make uninstall` does with the associations: delete removes them and their CRD, nothing keeps both.
ASSOCIATIONS ?=
KUBECTL ?= kubectl
comma := ,
TOOL := go tool -modfile=tools/go.mod

# A checkout of another user than root has a version control that root does not trust.
export GOFLAGS := $(GOFLAGS) -buildvcs=false
# Static binaries, but for the race detector.
export CGO_ENABLED = 0

.PHONY: help
help: ## lists the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# Relative paths would mean others below e2e/.
ABSOLUTE_KUBECONFIG = $(subst $(eval) ,:,$(abspath $(subst :, ,$(KUBECONFIG))))

.PHONY: demo
demo: bin/e2e ## shows the product doing its job, on a cluster that it builds, or on yours with KUBECONFIG
	@export KUBECONFIG="$(ABSOLUTE_KUBECONFIG)" && cd e2e && exec ../bin/e2e demo

.PHONY: demo-down
demo-down: bin/e2e ## removes every trace of the demo
	@cd e2e && exec ../bin/e2e demo-down

.PHONY: cluster
cluster: bin/e2e ## starts a cluster that is kept for make e2e, or brings its product up to date
	@cd e2e && exec ../bin/e2e cluster

.PHONY: cluster-down
cluster-down: bin/e2e ## removes every trace of the kept cluster
	@cd e2e && exec ../bin/e2e cluster-down

.PHONY: e2e
e2e: bin/e2e ## runs one suite (SUITE=reconciliation) or some of its tests (RUN=/killed), see e2e/README.md
	@export KUBECONFIG="$(ABSOLUTE_KUBECONFIG)" && cd e2e && exec ../bin/e2e suite "$$SUITE" "$$RUN"

.PHONY: bench
bench: bin/e2e binaries ## measures the product against its budgets and writes docs/benchmarks.md
	@cd e2e && exec ../bin/e2e bench

.PHONY: bench-quick
bench-quick: bin/e2e binaries ## measures what needs no cluster
	@cd e2e && exec ../bin/e2e bench-quick

.PHONY: test
test: prepare lint ## runs all tests: linters, unit tests and the scenarios on a real cluster
	@$(TOOL) gotestsum --format testname --hide-summary=output --raw-command --post-run-command \
	  'sh -c "echo $$((TESTS_TOTAL - TESTS_FAILED - TESTS_SKIPPED)) passed, $$TESTS_FAILED failed"' \
	  -- $(MAKE) --silent --no-print-directory test-json

.PHONY: test-fresh
test-fresh: ## runs demo, demo-down and test as on a new machine: on a clean clone of HEAD, with empty caches
	@exec e2e/fresh.sh

# Four modules, one count: all run even if the first fails. What counts allocations runs without the race detector, which
# allocates too; so does release, which compresses much and starts no goroutine. Go's cache of results would not see a change outside
# a module, such as one of a manifest. The suite upgrade has a target of its own: it needs the history of the repository.
.PHONY: test-json
test-json:
	@status=0; \
	CGO_ENABLED=1 go test -json -race ./... || status=1; \
	go test -json -run Allocat ./webhook/... ./sidecar/... || status=1; \
	go -C release test -json -count=1 ./... || status=1; \
	go -C charts test -json -count=1 ./... || status=1; \
	CGO_ENABLED=1 go -C e2e test -json -race -count=1 -timeout 40m -p 1 $$(go -C e2e list ./... | grep -v '/suites/upgrade$$') || status=1; \
	exit $$status

.PHONY: chaos
chaos: prepare ## runs the fault suite at length, about an hour, and prints its table
	CHAOS=1 CGO_ENABLED=1 go -C e2e test -count=1 -timeout 3h -v ./suites/chaos

.PHONY: outage
outage: prepare ## has STS fail pods for 20 minutes, with sessions of 15, and prints what became of them
	OUTAGE=1 CGO_ENABLED=1 go -C e2e test -count=1 -timeout 1h -v -run TestNoFaultHarmsAPod/of_STS ./suites/chaos

.PHONY: attack
attack: prepare ## runs the attack suite at length, about 20 minutes, and writes the table of docs/security.md
	ATTACK=20s CGO_ENABLED=1 go -C e2e test -count=1 -timeout 2h -v ./suites/attack -update

.PHONY: sdks
sdks: prepare ## tries the AWS SDKs that need more than Debian, about ten minutes, and writes their table in e2e/suites/sdks
	CGO_ENABLED=1 go -C e2e test -count=1 -timeout 1h -v ./suites/sdks -slow

.PHONY: upgrade-test
upgrade-test: prepare ## upgrades from the previous release under load, and rolls back; writes the table of docs/upgrades.md
	CGO_ENABLED=1 go -C e2e test -count=1 -timeout 1h -v ./suites/upgrade -update

.PHONY: monitoring
monitoring: prepare ## causes all faults that an alert tells of, about nine minutes, and prints which alerts fire
	MONITORING=1 CGO_ENABLED=1 go -C e2e test -count=1 -timeout 1h -v -run TestOnARealCluster ./suites/monitoring

.PHONY: compat
compat: prepare ## runs suites on clusters of each kind, about 20 minutes each; writes the tables of docs/compatibility.md
	@cd e2e && exec ../bin/e2e compat '$(CLUSTERS)' '$(SUITES)'

.PHONY: unit
unit: ## runs the tests that need no cluster
	CGO_ENABLED=1 go test -race ./...

.PHONY: lint
lint: check-generated ## runs the linters
	$(TOOL) golangci-lint run ./...
	cd release && go tool -modfile=../tools/go.mod golangci-lint run --config=../.golangci.yml ./...
	cd charts && go tool -modfile=../tools/go.mod golangci-lint run --config=../.golangci.yml ./...
	cd e2e && go tool -modfile=../tools/go.mod golangci-lint run --config=../.golangci.yml ./...
	go tool -modfile=tools/actionlint.mod actionlint

.PHONY: generate
generate: ## generates the CRD and the deep copies from api/, and copies for the chart what it renders
	$(TOOL) controller-gen object crd paths=./api/... output:crd:dir=manifests/base/crd
	cp manifests/base/crd/podidentity.dev_podidentityassociations.yaml charts/pod-identity/crd.yaml
	cp $(filter-out %/kustomization.yaml,$(wildcard manifests/monitoring/*)) charts/pod-identity/monitoring/
	for each in manifests/policies/*/; do cp "$$each"policy.yaml charts/pod-identity/policies/"$$(basename "$$each")".yaml; done

# In a directory of its own, so that a stale file is found and not replaced.
.PHONY: check-generated
check-generated:
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir="$$fresh" && \
	$(TOOL) controller-gen object:headerFile=/dev/null paths=./api/... output:object:dir="$$fresh" && \
	diff -u manifests/base/crd/podidentity.dev_podidentityassociations.yaml "$$fresh"/podidentity.dev_podidentityassociations.yaml && \
	diff -u api/v1alpha1/zz_generated.deepcopy.go "$$fresh"/zz_generated.deepcopy.go || \
	{ echo 'generated files are stale: run `make generate` and commit the result' >&2; exit 1; }

# The version is what --version and the metric podidentity_build_info say.
SMALL = -trimpath -ldflags='-s -w -X github.com/podidentity/podidentity/internal/version.linked=$(VERSION)'

# The sidecar needs these once in half an hour, for a fetch. It is smaller if their functions are not inlined.
NO_INLINE := github.com/aws/... github.com/sirupsen/... crypto/tls crypto/x509 encoding/asn1 encoding/xml regexp/...

.PHONY: binaries
binaries: bin/sidecar ## builds the product's binaries into bin/
	GOOS=linux GOARCH=$(ARCH) go build $(SMALL) -o bin/$(ARCH)/ ./webhook ./auth
	go -C release run ./cacerts $(abspath bin/ca-certificates.crt)

SIDECAR = bin/$(ARCH)/sidecar

# The sidecar neither serves HTTP/2 nor uses it: without it, every pod maps half a megabyte less.
.PHONY: bin/sidecar
bin/sidecar:
	GOOS=linux GOARCH=$(ARCH) go build $(SMALL) $(NO_INLINE:%=-gcflags=%=-l) -tags=nethttpomithttp2 -o $(SIDECAR) ./sidecar

# kubectl finds a plugin by the name of its file, without system and architecture.
.PHONY: plugin
plugin: ## builds kubectl pod-identity for linux and darwin, for all ARCHITECTURES, into bin/
	@$(foreach platform,$(PLUGIN_PLATFORMS),GOOS=$(subst /, GOARCH=,$(platform)) go build $(SMALL) -o bin/$(platform)/ ./plugin/kubectl-pod_identity &&) true

.PHONY: prepare
prepare: bin/e2e
	@cd e2e && exec ../bin/e2e prepare

.PHONY: bin/e2e
bin/e2e:
	@go version >/dev/null 2>&1 || { echo 'there is no go here: install Go 1.26 or newer (go.dev/doc/install), or, where sudo hides it, run: sudo env "PATH=$$PATH" make ...' >&2; exit 1; }
	@mkdir -p bin && go -C e2e build -o ../bin/e2e .

# Without Docker: the binaries are static, and the Dockerfile only copies, as the program reads in it.
RELEASE = go -C release run . $(1) --registry='$(REGISTRY)' --version='$(VERSION)' --architectures='$(ARCHITECTURES)'

.PHONY: all-binaries
all-binaries:
	@$(foreach arch,$(ARCHITECTURES),$(MAKE) --no-print-directory binaries ARCH=$(arch) &&) true

.PHONY: images
images: registry all-binaries ## writes the images of all ARCHITECTURES to bin/images, as an OCI layout
	rm -rf bin/images
	$(call RELEASE,images) --out=../bin/images

.PHONY: push
push: registry all-binaries ## publishes the images as REGISTRY/webhook:VERSION, and sidecar and auth likewise, and notes their digests
	$(call RELEASE,push)

.PHONY: release
release: registry ## writes a release to dist/: images, manifests, the plugin, checksums, bills of materials
	@test '$(VERSION)' != dev || { echo 'VERSION is not set: name that of the release, such as VERSION=v0.1.0' >&2; exit 1; }
	@$(MAKE) --no-print-directory all-binaries plugin
	rm -rf '$(DIST)'
	$(call RELEASE,dist) --plugins='$(PLUGIN_PLATFORMS)' --out='$(abspath $(DIST))' --key='$(abspath $(KEY))'

.PHONY: release-test
release-test: ## makes a release of HEAD twice, in different directories, and compares all bytes
	@exec release/reproduce.sh

# What `make push` has noted of an image, so that `make install` takes exactly that, whatever the tag becomes.
DIGEST = $(shell cat 'bin/pushed/$(REGISTRY)/$(1)/$(VERSION)' 2>/dev/null)

.PHONY: install
install: registry ## installs the product, with the images of REGISTRY, on the cluster of KUBECONFIG
	@mkdir -p bin/install
	@printf '%s\n' \
	  'resources: [../../$(MANIFESTS)$(if $(AUTH_FLAGS),$(comma) ../../manifests/auth)]' \
	  'images:' \
	  $(foreach image,webhook auth,'  - {name: podidentity/$(image), newName: $(REGISTRY)/$(image), $(or $(addprefix digest: ,$(call DIGEST,$(image))),newTag: $(VERSION))}') \
	  'labels: [{pairs: {app.kubernetes.io/version: "$(VERSION)"}}]' \
	  'patches:' \
	  '  - target: {kind: Deployment, labelSelector: app.kubernetes.io/name=pod-identity-webhook}' \
	  '    patch: |-' \
	  '      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --image=$(REGISTRY)/sidecar$(or $(addprefix @,$(call DIGEST,sidecar)),:$(VERSION))}' \
	  $(foreach flag,$(WEBHOOK_FLAGS),'      - {op: add, path: /spec/template/spec/containers/0/args/-, value: "$(flag)"}') \
	  $(if $(AUTH_FLAGS),'  - target: {kind: Deployment$(comma) name: pod-identity-auth}' '    patch: |-') \
	  $(foreach flag,$(AUTH_FLAGS),'      - {op: add$(comma) path: /spec/template/spec/containers/0/args/-$(comma) value: "$(flag)"}') \
	  > bin/install/kustomization.yaml
	$(KUBECTL) apply -k bin/install
	$(KUBECTL) rollout status --namespace=pod-identity deployment --selector=app.kubernetes.io/part-of=pod-identity --timeout=3m

.PHONY: uninstall
uninstall: ## removes the product from the cluster of KUBECONFIG, and every association too with ASSOCIATIONS=delete
	@case '$(ASSOCIATIONS)' in ''|delete) ;; *) echo 'ASSOCIATIONS is $(ASSOCIATIONS): leave it out to keep the associations, or set it to delete' >&2; exit 1;; esac
	@mkdir -p bin/uninstall
	@printf '%s\n' \
	  'resources: [../../$(MANIFESTS)]' \
	  $(if $(ASSOCIATIONS),,'patches:' \
	  '  - patch: |-' \
	  '      $$patch: delete' \
	  '      apiVersion: apiextensions.k8s.io/v1' \
	  '      kind: CustomResourceDefinition' \
	  '      metadata: {name: podidentityassociations.podidentity.dev}') \
	  > bin/uninstall/kustomization.yaml
	# First: the standby's entries refuse pods of labelled namespaces while nothing answers.
	$(KUBECTL) delete mutatingwebhookconfigurations pod-identity-standby pod-identity --ignore-not-found
	$(KUBECTL) delete -k manifests/auth --ignore-not-found
	$(KUBECTL) delete -k bin/uninstall --ignore-not-found

.PHONY: registry
registry:
	@test -n '$(REGISTRY)' || { echo 'REGISTRY is not set: name where the images are, such as make push REGISTRY=registry.example.com/podidentity' >&2; exit 1; }
