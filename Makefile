# make alone checks what most changes need; .ci/run does all of CI. Go is all that it
# takes; what else it uses is pinned in internal/tools and built from there.
TOOL   := go tool -modfile=$(CURDIR)/internal/tools/go.mod
# The module, and those nested in it for what no user of it should carry.
MODULES := . $(filter-out internal/tools,$(patsubst %/go.mod,%,$(wildcard internal/*/go.mod)))
# On the real service, with WORKOS_API_KEY: make run ORG=org_…
ORG    ?=
INTENT ?= sso
# The race detector, where a C compiler can build it.
RACE    = $(shell go build -race runtime/cgo 2>/dev/null && echo -race)

.DEFAULT_GOAL := all

all: build lint spec test ## what most changes need; .ci/run does all of CI
.PHONY: all build vet lint spec breaking docs upstream test run demo generate fuzz stress bench fleet pictures cover release release-check help

build: ## compile every package
	@set -e; for m in $(MODULES); do echo go -C $$m build ./...; go -C $$m build -o /dev/null ./...; done

vet: ## go vet alone, which lint includes
	@set -e; for m in $(MODULES); do echo go -C $$m vet ./...; go -C $$m vet ./...; done

# The linter reads what go list compiles: with -race that is what the tests compile anyway.
lint: ## golangci-lint, and a tidy go.mod
	@set -e; lint=$$($(TOOL) -n golangci-lint); for m in $(MODULES); do \
	echo golangci-lint run $$m/...; (cd $$m; GOFLAGS="$$GOFLAGS $(RACE)" $$lint run ./...); \
	echo go -C $$m mod tidy -diff; go -C $$m mod tidy -diff; done

spec: ## openapi.yaml: valid, linted, what WorkOS promised, and what the code is made from
	go run ./internal/speccheck

breaking: ## what breaks whom since BASE (unless told: the last tag, or the parent commit)
	go run ./internal/breaking $(if $(BASE),-base '$(BASE)')

test: ## every test, with the race detector where a C compiler can build it
	@race='$(RACE)'; [ $$race ] || \
	echo 'make test: the race detector needs a C compiler (Debian: gcc libc6-dev); running without it' >&2; \
	left=$$(mktemp); code=0; for m in $(MODULES); do \
	echo go -C $$m test $$race ./...; ADMINPORTAL_LEFT_OUT=$$left go -C $$m test $$race ./... || code=$$?; done; \
	[ ! -s $$left ] || { echo 'Left out, for lack of what this installs:'; sort -u $$left | sed 's/^/  /'; }; rm -f $$left; exit $$code

run: ## make a portal link and list the icons, on the embedded sandbox or with WORKOS_API_KEY
	go run ./cmd/adminportal link --intent $(INTENT) $(if $(ORG),--org $(ORG))
	go run ./cmd/adminportal icons

demo: ## a settings page to click through, on the embedded sandbox or with WORKOS_API_KEY and ORG
	go run ./cmd/adminportal demo $(if $(ORG),--org $(ORG))

generate: ## make gen/ from openapi.yaml
	go generate ./...

docs: ## docs/api.html, the document as one page, and docs/godoc/; links checked
	go run ./internal/docs

upstream: ## what WorkOS changed in its own document (FILE=…, unless told: the one from npm)
	go run ./internal/upstream $(if $(FILE),'$(FILE)')

fuzz: ## every fuzz target, 30 s each (TIME=…)
	.ci/fuzz --each $(or $(TIME),30)

stress: ## every test twenty times with the race detector, in random order
	@code=0; for m in $(MODULES); do echo go -C $$m test -race -count=20 -shuffle=on -timeout=60m ./...; \
	go -C $$m test -race -count=20 -shuffle=on -timeout=60m ./... || code=$$?; done; exit $$code

bench: ## what a call costs beside others', into docs/bench.md and .svg (STAT=file: for benchstat)
	go -C internal/bench run . -docs $(CURDIR)/docs $(if $(STAT),-benchstat $(abspath $(STAT)))

fleet: ## fleets of 1 to 1,000 replicas, simulated, into docs/fleet.md and .svg (some minutes)
	go -C internal/e2e test -count=1 -timeout=60m -run=TestFleet ./fleetsim -args -docs $(CURDIR)/docs

pictures: ## the demo's pages by day, by night and on a phone, into docs/pictures/ (needs chromium)
	CI=true go -C internal/e2e test -count=1 -run=TestPictures ./browser -args -pictures $(CURDIR)/docs/pictures

cover: ## what the tests reach: go tool cover -html=cover.out shows where
	go test -coverpkg=./client/...,./cmd/... -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -1

release: ## build the release TAG=v… into dist/, as the workflow does (PLATFORMS=linux_amd64…)
	.ci/release '$(TAG)' $(PLATFORMS)

release-check: ## is the changelog ready for the release TAG=v…, and the number high enough?
	go run ./internal/release check '$(TAG)'

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
