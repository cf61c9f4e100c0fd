# Plain make checks what most changes need, and Go is enough for it. Tests of real parts run where
# these are installed; the last lines name what was left out. .ci/run is most of CI.
MODULES := . internal/e2e
TOOL    := go tool -modfile=$(CURDIR)/internal/tools/go.mod
REDOCLY := internal/tools/node_modules/.bin/redocly
# The race detector, where a C compiler can build it.
RACE     = $(shell go build -race runtime/cgo 2>/dev/null && echo -race)

# $(call gotest,MODULES,ARGUMENTS) runs go test in each module. What a skipped test needs is
# written to a file by internal/require.
gotest = @left=$$(mktemp); code=0; for m in $(1); do \
	echo go -C $$m test $(2); ADMINPORTAL_LEFT_OUT=$$left go -C $$m test $(2) || code=1; done; \
	[ ! -s $$left ] || { echo "Left out: tests of parts that are not installed. To install them:"; \
	sort -u $$left | awk '{ printf "%s%s", (NR > 1 ? " && " : "  "), $$0 } END { print "" }'; }; rm -f $$left; exit $$code

all: lint spec test ## what most changes need
.PHONY: all lint spec test generate breaking upstream docs run demo fuzz stress bench fleet findings help

# With $(RACE), what the tests compile is not compiled again.
lint: ## go vet, staticcheck, gofmt and tidy go.mod files
	@set -e; check=$$($(TOOL) -n staticcheck); for m in $(MODULES); do echo "go vet, staticcheck, go mod tidy -diff in $$m"; cd $(CURDIR)/$$m; \
	go vet $(RACE) ./...; GOFLAGS="$$GOFLAGS $(RACE)" $$check ./...; go mod tidy -diff; done; cd $(CURDIR)/internal/tools; go mod tidy -diff
	@bad=$$(find . -name node_modules -prune -o -name '*.go' -print | xargs gofmt -l); \
	[ -z "$$bad" ] || { echo "run gofmt -w on:" $$bad; exit 1; }

spec: ## openapi.yaml is valid and complete, and gen/, client and the sandbox follow it
	$(call gotest,.,$(RACE) -count=1 -run='Document|Generated' . ./internal/spec ./client/... ./cmd/...)

test: ## every test, with the race detector where a C compiler can build it
	@[ $(RACE) ] || echo 'make test: no C compiler (Debian: gcc libc6-dev), so no race detector'
	$(call gotest,$(MODULES),$(RACE) ./...)

generate: ## make gen/ from openapi.yaml
	go generate ./...

breaking: ## what changed since BASE, a git ref, and breaks somebody: oasdiff and apidiff
	.ci/breaking $(or $(BASE),HEAD^)

upstream: ## what WorkOS's own document has and openapi.yaml has not (FILE=… for a newer one)
	go test -count=1 -run=TestUpstream ./internal/spec $(if $(FILE),-upstream $(abspath $(FILE)))

docs: ## docs/api.html, openapi.yaml as a page
	@[ -x $(REDOCLY) ] || { echo 'make docs needs Redocly: npm ci --prefix internal/tools'; exit 1; }
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(REDOCLY) build-docs openapi.yaml --output docs/api.html

run: ## make a portal link and list the icons, on the embedded sandbox (with WORKOS_API_KEY and ORG=org_…: on WorkOS)
	go run ./cmd/adminportal link --icons $(if $(ORG),--org $(ORG))

demo: ## a settings page to click through, on the embedded sandbox (Ctrl-C ends it)
	go build -o bin/adminportal ./cmd/adminportal && exec bin/adminportal demo $(if $(ORG),--org $(ORG))

fuzz: ## every fuzz target, 30 s each (TIME=…)
	.ci/fuzz $(or $(TIME),30)

stress: ## every test twenty times with the race detector, in random order
	$(call gotest,$(MODULES),-race -count=20 -shuffle=on -timeout=60m ./...)

bench: ## what a call costs: benchmarks of client and of the real parts, summed up by benchstat
	@set -e; for m in $(MODULES); do go -C $$m test -run='^$$' -bench=. -benchmem -count=$(or $(COUNT),10) ./...; done | tee bench.out
	$(TOOL) benchstat -col /way bench.out

fleet: ## the simulated fleet of up to 1,000 replicas, into docs/performance.md
	go -C internal/e2e test -count=1 -timeout=60m -run=TestFleet ./fleetsim -args -docs $(CURDIR)/docs

findings: ## run the script of each finding about real software
	@code=0; for f in findings/*.sh; do echo "== $$f"; sh $$f || code=1; done; exit $$code

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
