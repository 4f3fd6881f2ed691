# make          install what is missing, build the site, verify the labs
# make test     everything CI checks
# make help     all targets

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
DIST := content/containers_on_bcp/assets
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
