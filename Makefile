# make          install what is missing, build the site, verify the labs
# make test     everything CI checks
# make help     all targets

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
DIST := content/containers_on_bcp/assets
# How often "make bench-labs" runs each side.
RUNS := 3
# How many random histories "make cache" compares.
SEQUENCES := 150
# What every long check depends on; .ci/once adds what is its own.
# The evidence of runs is none of them: refreshing it changes no check's outcome.
INPUTS := go.mod go.sum Makefile generator labs ':!labs/reports'
TAR := tar --sort=name --mode='a+rX,u+w,go-w' --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude='*.pyc' --exclude=__pycache__

.PHONY: all
all: deps bin site verify ## install what is missing, build the site, verify the labs
	@echo "make: the site is in public/. Look at it: bin/generator serve"

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

.PHONY: deps
deps: ## install through apt what building and verifying need
	@.ci/deps site labs

.PHONY: bin
bin: ## build both commands into bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/generator ./generator
	go build -trimpath -o bin/labs ./labs

.PHONY: site
site: bin downloads ## build the site into public/
	bin/generator build --source content --out public

.PHONY: verify
verify: bin downloads ## run every listing of the tutorials
	bin/labs verify --source content

.PHONY: downloads
downloads: $(DIST)/nbody.tar.gz $(DIST)/python_dev.tar.gz ## pack the archives that the tutorials offer

$(DIST)/nbody.tar.gz: $(shell find cuda/nbody -path cuda/nbody/results -prune -o -path cuda/nbody/build -prune -o -type f \( -name '*.cu' -o -name '*.cuh' -o -name '*.cpp' -o -name '*.h' -o -name Makefile \) -print)
	$(MAKE) -C cuda/nbody dist DIST=$(abspath $@)

$(DIST)/python_dev.tar.gz: $(shell find content/containers_on_bcp/python_dev -type f -name '*.[pt][yx]*')
	$(TAR) -C content/containers_on_bcp/python_dev -cf - bench.py pt_bench requirements.txt setup.py | gzip -9n > $@.part
	mv $@.part $@

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, go mod tidy
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "make: run gofmt -w on these files" >&2; exit 1; }
	go mod tidy -diff
	go vet ./...
	CGO_ENABLED=0 go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: test
test: ## everything CI checks, from a clean clone
	@.ci/deps test
	$(MAKE) lint
	$(MAKE) -C cuda/nbody test
	$(MAKE) unit
	$(MAKE) check-site
	.ci/once browser $(INPUTS) assets content cuda netlify.toml scripts/browser -- $(MAKE) browser
	.ci/once labs $(INPUTS) content cuda -- $(MAKE) check-labs
	.ci/once netlify $(INPUTS) content cuda assets netlify.toml scripts -- scripts/check-netlify

.PHONY: browser
browser: bin downloads ## the site in a real browser: behaviour, looks, accessibility, valid HTML, Lighthouse
	scripts/browser/check

.PHONY: unit
unit: bin ## Go's tests; one package at a time, since some start real engines
	go test -p 1 -timeout 20m $$(go list ./... | grep -vE 'docent/labs(/(engine|run).*)?$$')
	.ci/once differ go.mod go.sum generator/parse/rst generator/parse/directive generator/parse/docutilstest generator/doc -- go test ./generator/parse/rst -run TestDiffer -differ 5000
	.ci/once compare go.mod go.sum generator scripts/compare -- scripts/compare --min 88 --show 20 docutils
	.ci/once prose go.mod go.sum generator scripts/compare -- scripts/compare --min 100 --show 20 prose
	.ci/once cache go.mod go.sum generator assets labs/report labs/step -- $(MAKE) cache
	.ci/once lexers go.mod go.sum Makefile generator/lex -- go test ./generator/lex -run TestRealSources -real 1500000
	.ci/once command $(INPUTS) -- go test -timeout 20m ./labs
	.ci/once run $(INPUTS) -- go test -timeout 20m ./labs/run
	.ci/once engines $(INPUTS) -- go test -timeout 20m ./labs/engine/...
	.ci/once race $(INPUTS) assets content -- $(MAKE) race

.PHONY: cache
cache: ## builds with a cache and without, compared over many random changes: make cache SEQUENCES=2000
	DOCENT_SEQUENCES=$(SEQUENCES) go test -count 1 -timeout 2h -v ./generator/site -run 'TestTheCacheIsNotTrusted|TestLiveIsTheSite'

.PHONY: race
race: ## the packages with goroutines under the race detector
	go test -p 1 -race -timeout 20m ./generator/build ./generator/site ./generator/serve ./generator/html
	@# a step that prints a gigabyte is too slow under the race detector
	go test -race -timeout 20m -skip TestNothingIsLeft ./labs/run

.PHONY: check-site
check-site: bin ## the site builds without a diagnostic, twice with the same bytes
	@rm -rf build/site && mkdir -p build/site
	bin/generator check --source content
	bin/generator build --source content --out build/site/a --strict
	bin/generator build --source content --out build/site/b --strict
	diff -r build/site/a build/site/b

.PHONY: check-labs
check-labs: bin ## every listing runs on docker and on podman, hermetic, and its evidence is whole
	@rm -rf build/reports && mkdir -p build/reports
	bin/labs verify --source content --engine docker --hermetic --strict --no-cache --reports build/reports --junit build/docker.xml
	bin/labs verify containers_on_bcp --source content --engine podman --hermetic --strict --no-cache --min-coverage 90 --reports build/reports --junit build/podman.xml

.PHONY: check-script
check-script: bin downloads ## the script that readers download from the tutorial runs on docker, with a reader's values
	scripts/check-script

.PHONY: fuzz
fuzz: ## fuzz every target for a minute each
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z]+' $$pkg | sed 's/func //' | sort -u); do \
	    echo "fuzz $$pkg $$f"; go test $$pkg -run '^$$' -fuzz "^$$f\$$" -fuzztime 1m || exit 1; done; done

PAGES ?= 1000,10000
SOURCE ?= content
.PHONY: bench
bench: ## Docent beside Hugo on one site: make bench PAGES=1000,10000
	go run ./bench -pages $(PAGES)

.PHONY: bench-search
bench-search: bin ## search beside Pagefind, lunr and MiniSearch: make bench-search PAGES=1000
	go run ./bench -pages $(PAGES) -only none
	@cd scripts/browser && { [ -d node_modules/pagefind ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; }
	@for n in $$(echo $(PAGES) | tr , ' '); do node scripts/browser/bench-search.js build/bench/site-$$n-1/md; done

.PHONY: bench-sphinx
bench-sphinx: bin ## Docent beside Sphinx on the documentation of CPython 3.11
	go run ./bench -rounds 1 -only sphinx -sphinx-source "$$(scripts/compare --folder cpython)"

.PHONY: compare
compare: bin ## Docent's pages beside Sphinx's, on whole Sphinx trees: make compare TREES="cpython docutils"
	scripts/compare --show 40 $(TREES)

.PHONY: bench-labs
bench-labs: bin downloads ## what labs adds to bare docker and podman commands, and a run in which nothing has changed
	go test -run '^$$' -bench ColdRun -benchtime $(RUNS)x -timeout 30m ./labs
	@mkdir -p build/reports
	bin/labs verify --source content --hermetic --reports build/reports > /dev/null # makes the evidence, where it is not there
	bash -c 'time bin/labs verify --source content --hermetic --reports build/reports'

.PHONY: bench-parts
bench-parts: ## how fast the parts are
	go test -run '^$$' -bench . -benchmem ./generator/...

.PHONY: profile
profile: ## where the processor time of a build goes: make profile SOURCE=docs
	@mkdir -p build
	go run ./bench/profile build/cpu.prof build --source $(SOURCE) --out build/profile --no-cache
	go tool pprof -top -nodecount 40 build/cpu.prof

.PHONY: clean
clean: ## remove what these targets made
	rm -rf bin build public
	$(MAKE) -C cuda/nbody clean
