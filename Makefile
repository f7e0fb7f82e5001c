# Two commands are all that a fresh clone needs: make demo, make test.
# A target's `##` text is what `make help` shows.

BIN := .venv/bin
CORES := $(shell getconf _NPROCESSORS_ONLN)
# Many tests wait for a process or a browser, but few of those in `make quick`.
test: export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell expr $(CORES) + 2)
quick: export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell expr $(CORES) + 1)
test: export COMPILES_BESIDE_LINT := yes
# The tests of a file run together, because they share slow fixtures, in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

PROOF := build/proof

# Packages are installed uncompiled: if this is set, every process compiles all its imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-extras test-scale quick check lint docs mutants lock audit bench bench-pull bench-app screenshots wheel proof run-env dev-env extras-env scale-env

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: run-env ## open the dashboard on a demo cohort: http://localhost:8501 (Ctrl-C stops it)
	@exec $(BIN)/velocity demo

test: dev-env ## everything: lint, types, contracts and all tests, with a real browser
	@# Meanwhile one process compiles what the tests import; otherwise every process of the tests does.
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 & compiles=$$!; \
	$(MAKE) --no-print-directory lint || { kill $$compiles; exit 1; }; wait $$compiles || true
	@$(BIN)/python -m scripts.ensure_browser
	@$(PYTEST)

test-extras: extras-env ## tests of the optional extras, in an environment of their own: .venv-extras
	@.venv-extras/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile tests/extras

test-scale: scale-env ## tests past one machine: a bucket, Postgres, a proxy and a cluster, in .venv-scale
	@.venv-scale/bin/python -m scripts.ensure_haproxy
	@.venv-scale/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile tests/scale

quick: dev-env ## a sample of the tests in about 90 seconds: no browser, no deliberate faults, no thorough tests
	@$(PYTEST) --hypothesis-profile=quick --ignore=tests/browser -m "not browser and not fault and not thorough"

check: dev-env lint quick ## what to run before a commit: format, lint, types, contracts, quick tests

lint: dev-env ## format, lint, strict types, import contracts, spelling and banned phrases
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/python -m scripts.plain_english

docs: dev-env ## write docs/metrics.md from the query headers, and the layout in CONTRIBUTING.md
	@$(BIN)/python -m scripts.metrics_doc
	@$(BIN)/python -m scripts.layout

mutants: dev-env ## break a copy of the queries, one fault at a time, and check that a test fails for each
	@$(BIN)/python -m scripts.mutants

bench: dev-env ## measure: derivation and reads at 10,000, 100,000 and 1,000,000 runs, compared with Polars and plain pandas (about 3 minutes on idle cores)
	@$(BIN)/python benchmarks/derive.py 10000 50
	@$(BIN)/python benchmarks/derive.py 100000 200
	@$(BIN)/python benchmarks/derive.py 1000000 1000

bench-pull: dev-env ## measure: a full sync of 100,000 runs, compared with a bare page loop and a typical client script
	@$(BIN)/python benchmarks/pull.py

bench-app: dev-env ## measure: every page with 100,000 runs and 120 scholars, then 100 people at once
	@$(BIN)/python benchmarks/load.py pages
	@$(BIN)/python benchmarks/load.py sessions

proof: dev-env ## compare every figure with an earlier commit, which is recorded the first time (TABLES=DIR adds run tables)
	@[ -e $(PROOF)/base.json ] || $(BIN)/python -m scripts.proof record --out $(PROOF) $(if $(TABLES),--tables $(TABLES))
	@$(BIN)/python -m scripts.proof compare $(PROOF)

screenshots: dev-env ## take new screenshots for docs/images
	@$(BIN)/python -m scripts.ensure_browser
	@$(BIN)/python -m scripts.screenshots

wheel: dev-env ## build the wheel into dist/
	@$(BIN)/hatchling build -t wheel

lock: dev-env ## update the locks from pyproject.toml (UPGRADE=--upgrade uses newer releases)
	@$(LOCK) --group build pyproject.toml -o requirements.lock
	@$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --extra scale --group build -c requirements.lock pyproject.toml -o requirements-scale.lock
	@$(LOCK) --group scale -c requirements-dev.lock -c requirements-scale.lock -o requirements-scale-dev.lock
	@mkdir -p build && cat requirements.lock requirements-dev.lock $(wildcard requirements-extras.lock) >build/extras.lock
	@$(LOCK) $(addprefix --extra ,inspect mlflow trackio mcp) --group build --group extras pyproject.toml -o build/extras.lock
	@mv build/extras.lock requirements-extras.lock

audit: dev-env ## check every locked package against PyPI's advisories (needs the network)
	@$(BIN)/uv tool run --from pip-audit pip-audit --require-hashes --disable-pip --progress-spinner off -r requirements.lock

# Universal: one lock for every supported Python and system. The second lock keeps the releases of the
# first; otherwise a test tool's upper bound could decide which releases the product uses. It is the same
# with the extra `scale`, whose first lock is the product with that extra. The lock of the other extras is
# complete by itself, and leaves the releases of the rest only where an extra cannot use them: uv prefers
# the releases that its output file has already.
LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

run-env:
	@scripts/bootstrap.sh run

dev-env:
	@scripts/bootstrap.sh dev

extras-env:
	@scripts/bootstrap.sh extras

scale-env:
	@scripts/bootstrap.sh scale
