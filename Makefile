# `make run` and `make test` are all a newcomer needs. `make help` lists the rest.
GO      ?= go
NODE    ?= node
NPM     ?= npm
PYTHON  ?= python3
BUILD   := $(GO) build -buildvcs=false
TEST    := $(GO) test -buildvcs=false
TOOLS   := $(CURDIR)/.tools
LINT_VERSION := v2.15.0
LINT    := $(TOOLS)/golangci-lint-$(LINT_VERSION)/golangci-lint
VERSITYGW_VERSION := v1.8.0
VERSITYGW := $(TOOLS)/versitygw-$(VERSITYGW_VERSION)/versitygw
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
DATA    ?= data
T       ?= 10s

.DEFAULT_GOAL := build
.PHONY: help build agent run test race check fmt vet lint arch test-web check-web gen generated golden fuzz bench soak micro pgo e2e integration clean

help: ## what each target does
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

build: web/dist/.built ## bin/kiroku, with the console when there is Node
	$(BUILD) -ldflags '-X main.version=$(VERSION)' -o bin/kiroku ./cmd/kiroku

# The console's files, embedded by the build. Without Node or without the packages the program gets a page that says so: nothing
# is left of an older console, which might not fit. On the build machine that is a failure.
WEB := web/index.html web/package.json web/package-lock.json web/tsconfig.json web/vite.config.ts $(wildcard web/public/* web/scripts/*) $(shell find web/src -type f)
WEB_MISSING := rm -rf web/dist/* web/dist/.built; [ -z "$$KIROKU_CI" ]

web/dist/.built: $(WEB)
	@if ! $(NODE) -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || +a == 20 && +b >= 19 ? 0 : 1)' 2>/dev/null; then \
		echo 'NOTE: no Node 20.19 or newer: bin/kiroku gets no console, only a page that says so. Command line and API are complete.' >&2; $(WEB_MISSING); \
	elif ! $(MAKE) -s --no-print-directory web/node_modules/.done; then \
		echo 'NOTE: npm could not fetch the packages of the console: bin/kiroku gets no console, only a page that says so. Command line and API are complete.' >&2; $(WEB_MISSING); \
	else cd web && $(NPM) run --silent build && touch dist/.built; fi

web/node_modules/.done: web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund --fetch-retries=2 --fetch-retry-mintimeout=2000 --loglevel=error && touch node_modules/.done

agent: ## bin/kiroku-agent: the SIEM agent alone, without cgo (GOOS=windows make agent)
	CGO_ENABLED=0 $(BUILD) -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/kiroku-agent

run: build ## build, start with the data in ./data, say where to look
	@echo 'Kiroku stores in ./$(DATA). Console and API: http://127.0.0.1:8480   Syslog: 127.0.0.1:5514 (TCP and UDP)'
	@echo 'In a second terminal: bin/kiroku status --data $(DATA)   bin/kiroku tail --data $(DATA)   Stop with Ctrl-C.'
	bin/kiroku serve --data $(DATA)

test: test-web ## all tests that need nothing but Go, Node and a C compiler
	$(TEST) -p 2 -timeout 20m ./...

test-web: web/dist/.built ## the console's own tests; nothing where it could not be built
	@if [ -e web/dist/index.html ]; then cd web && $(NPM) run --silent test; else echo 'NOTE: the console was not built; its tests did not run.' >&2; fi

race: ## the same with the race detector
	$(TEST) -race -p 1 -timeout 40m ./...

check: fmt vet lint arch check-web generated ## format, vet, lint, import directions, generated files up to date

fmt:
	@bad=$$(gofmt -l cmd internal test web changes); if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w on:"; echo "$$bad"; exit 1; fi

vet:
	$(GO) vet ./...
	$(GO) vet -tags integration ./test/...

lint: $(LINT)
	$(LINT) run --timeout 20m

# A long build (some minutes); kept in .tools until the version changes.
$(LINT):
	GOBIN=$(dir $(LINT)) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

arch: ## import directions, the map, package comments
	$(TEST) -count=1 ./internal/archtest

check-web: web/dist/.built ## types and lint of the console
	@if [ -e web/dist/index.html ]; then cd web && $(NPM) run --silent check; else echo 'NOTE: the console was not built and not checked.' >&2; fi

gen: ## API server and client, references, man pages, changelog
	$(GO) generate ./...
	@if $(MAKE) -s --no-print-directory web/node_modules/.done; then cd web && $(NPM) run --silent gen; else echo 'NOTE: no npm: the types of the API in web/src/shared/api were not generated.' >&2; [ -z "$$KIROKU_CI" ]; fi
	$(TEST) -count=1 ./internal/config ./internal/event ./internal/api ./internal/serve ./changes ./cmd/kiroku -run '^(TestReference|TestChangelog|TestGenerated)$$' -update

generated: gen
	@git diff --exit-code || { echo 'generated files are not up to date: run "make gen" and commit what it changes'; exit 1; }

golden: ## write the golden files anew; review the diff
	$(TEST) -count=1 $$(grep -rlE 'flag\.Bool\("update"|"kiroku/internal/source/sourcetest"' --include=*_test.go . | xargs -n1 dirname | sort -u) -update

fuzz: ## every fuzz target for T each (make fuzz T=30s)
	@grep -rhoE '^func (Fuzz[A-Za-z0-9_]*)\(' --include=*_test.go -H internal cmd | sed -E 's/^(.*)\/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(/\1 \2/' | sort | while read -r dir target; do \
		echo "== $$dir $$target"; $(TEST) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(T) ./$$dir || exit 1; done

micro: ## Go micro-benchmarks
	$(TEST) -run '^$$' -bench . -benchtime 1s -p 1 ./internal/...

bench: build ## beside rsyslog and syslog-ng, with ../shared/bench (ARGS='-n 10000000')
	$(GO) run -buildvcs=false ./test/bench $(ARGS)

pgo: build ## the profile that the compiler optimises by, from an ingest of 2 million events, with ../shared/bench
	$(GO) run -buildvcs=false ./test/bench -profile cmd/kiroku/default.pgo

soak: build ## SIEM agents for 15 minutes with a fault every 20 s (ARGS='-soak 4m -rate 500'); ends by itself
	$(GO) run -buildvcs=false ./test/bench -siem -soak 15m -rate 2000 $(ARGS)

e2e: build test/e2e/node_modules ## the console in a browser (KIROKU_SCREENSHOTS=$$PWD/docs/guide/pictures writes the pictures of the documentation; needs a Japanese font)
	cd test/e2e && $(NODE) --test --test-concurrency=1

test/e2e/node_modules: test/e2e/package-lock.json
	cd test/e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@

integration: build $(TOOLS)/python/.done $(TOOLS)/moto/.done $(VERSITYGW) $(TOOLS)/awscli/.done test/integration/awsjs/node_modules ## real senders, S3, SQS, AWS's CLI and SDKs, SIGKILL, full disks, PyIceberg and DuckDB as readers
	KIROKU=$(CURDIR)/bin/kiroku KIROKU_TOOLS=$(TOOLS) KIROKU_PYTHON=$(TOOLS)/python/bin/python \
	KIROKU_MOTO=$(TOOLS)/moto/bin/moto_server KIROKU_VERSITYGW=$(VERSITYGW) KIROKU_AWS=$(TOOLS)/awscli/bin/aws \
		$(TEST) -count=1 -v -p 1 -timeout 25m -tags integration ./test/...
	KIROKU_FAULTS=full $(TEST) -count=1 -v -run TestFaults -timeout 10m ./internal/forward/deliver

$(TOOLS)/python/.done: test/integration/iceberg/requirements.txt
	$(PYTHON) -m venv $(TOOLS)/python
	$(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Of its own: moto and PyIceberg want different versions of the same packages.
$(TOOLS)/moto/.done: test/integration/aws/requirements.txt
	$(PYTHON) -m venv $(TOOLS)/moto
	$(TOOLS)/moto/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VERSITYGW):
	GOBIN=$(dir $(VERSITYGW)) GOFLAGS= $(GO) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

# Apart from the readers: botocore asks for older versions of what they need.
$(TOOLS)/awscli/.done: test/integration/awscli.txt
	$(PYTHON) -m venv $(TOOLS)/awscli
	$(TOOLS)/awscli/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test/integration/awsjs/node_modules: test/integration/awsjs/package-lock.json
	cd test/integration/awsjs && npm ci --no-audit --no-fund
	@touch $@

clean: ## remove what was built; data and tools stay
	rm -rf bin web/dist/* web/dist/.built
