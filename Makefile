# Every habit of the house. `make help` lists them.
PYTHON ?= python3
UV := .tools/bin/uv
MEMBERS := libs/common $(wildcard services/*)
WEB := $(shell find services/console/web -type f -not -path '*/node_modules/*' -not -name '*.gen.ts') services/console/hatch_build.py
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix services/console/web --loglevel=error
LOCKED := $(foreach member,$(notdir $(MEMBERS)),--no-emit-package takt-$(subst _,-,$(member)))
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport PYTHONDONTWRITEBYTECODE
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check format lock faults composed bench bench-forecast bench-planning pictures contracts clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.stamp ## Make .venv with the takt command in it

run: setup ## Set up and start all of Takt on this machine
	@.venv/bin/takt up

$(UV): tools.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Takt needs Python 3.11 or newer; %s is %s. Name another: make PYTHON=/path/to/python3.11" % (sys.executable, sys.version.split()[0]))'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
	  --root-user-action=ignore --target .tools --upgrade --require-hashes -r tools.lock
	@touch $@

.venv/.stamp: $(UV) requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS)) $(WEB)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip install --quiet --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps $(addprefix -e ,$(MEMBERS))
	@touch $@

# What checks and tests of the web page need beyond its build.
.venv/.web: .venv/.stamp services/console/web/package-lock.json
	@$(NPM) ci --prefer-offline
	@touch $@

lock: $(UV) ## Resolve requirements.lock anew: hashes, no addresses
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 requirements.in $(addsuffix /pyproject.toml,$(MEMBERS)) $(LOCKED) -o requirements.lock

test: .venv/.web ## Run every test; takes PostgreSQL and Kafka from TAKT_TEST_DATABASE, TAKT_TEST_KAFKA, containers, or Python alone
	@# Compiled once beside the page's tests, not by each worker.
	@$(NPM) test & page=$$!; .venv/bin/python -m pytest -q --collect-only > /dev/null; \
	.venv/bin/python -m pytest -q -n 4 --dist loadgroup; services=$$?; wait $$page && exit $$services
	@$(NPM) run browser

faults: setup ## The long form of the faults: every process killed several times under 2,000 changes
	@.venv/bin/python -m pytest -q -m slow tests/integration/test_faults.py

composed: setup ## The story against what docker compose brings up; needs a container engine
	@.venv/bin/python -m pytest -q -m slow tests/integration/test_story.py

check: .venv/.web ## Style, types, the house's rules, the contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy libs/common/src services/*/src
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/python -m takt.common.contracts.export --check
	@.venv/bin/python -m takt.standalone.openapi --check
	@$(NPM) run --silent check

format: .venv/.web ## Put the code into its form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix --quiet . || true
	@$(NPM) run --silent format

bench: .venv/.web ## Measure everything beside its limit or peer, and print the table
	@.venv/bin/python -m benchmarks

# The peer's environment: nothing of it reaches the product's.
.bench-venv/.stamp: $(UV) Makefile
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .bench-venv
	@$(UV) pip install --quiet --python .bench-venv/bin/python statsforecast==2.1.1
	@touch $@

bench-forecast: setup .bench-venv/.stamp ## Measure forecasts on M3 beside statsforecast; SAMPLE=200 for so many series a period
	@.venv/bin/python -m benchmarks.forecast $(SAMPLE)

bench-planning: setup ## Measure planning beside plain numpy, and takt plan from files; ITEMS="1000 10000" for some sizes
	@.venv/bin/python -m benchmarks.planning $(ITEMS)

pictures: .venv/.web ## Take the README's pictures of the web page anew; needs a font with Chinese characters
	@$(NPM) run pictures

contracts: setup ## Write the events' schemas, AsyncAPI and OpenAPI documents anew
	@.venv/bin/python -m takt.common.contracts.export
	@.venv/bin/python -m takt.standalone.openapi

clean: ## Remove what setup made
	@rm -rf .venv .bench-venv .tools
