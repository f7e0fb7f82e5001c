# Two commands are all that a fresh clone needs: make demo, make test.
# A target's `##` text is what `make help` shows.

BIN := .venv/bin
# A file's tests stay together, as they share what is slow to make, and in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

PROOF := build/proof

# Packages come uncompiled: where this is set, every process compiles all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test quick check lint docs mutants lock audit bench bench-pull bench-app screenshots wheel proof run-env dev-env

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: run-env ## open the dashboard on a demo cohort: http://localhost:8501 (Ctrl-C stops it)
	@exec $(BIN)/velocity demo

test: dev-env lint ## everything: lint, types, contracts and all tests, with a real browser
	@$(BIN)/python scripts/ensure_browser.py
	@$(PYTEST)

quick: dev-env ## an example of everything in a minute and a half: no browser, no faults, nothing thorough
	@$(PYTEST) --hypothesis-profile=quick -m "not browser and not fault and not thorough"

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

mutants: dev-env ## break the queries one fault at a time, in a copy, and see that the tests notice
	@$(BIN)/python -m scripts.mutants

bench: dev-env ## measure: derivation and reads at 10,000, 100,000 and 1,000,000 runs, plain pandas beside them (about 3 minutes on free cores)
	@$(BIN)/python benchmarks/derive.py 10000 50
	@$(BIN)/python benchmarks/derive.py 100000 200
	@$(BIN)/python benchmarks/derive.py 1000000 1000

bench-pull: dev-env ## measure: a full sync of 100,000 runs, a bare page loop and the client's way beside it
	@$(BIN)/python benchmarks/pull.py

bench-app: dev-env ## measure: every page with 100,000 runs and 120 scholars, then 100 people at once
	@$(BIN)/python benchmarks/load.py pages
	@$(BIN)/python benchmarks/load.py sessions

proof: dev-env ## compare every figure with those of an earlier commit, recorded the first time (TABLES=DIR adds run tables)
	@[ -e $(PROOF)/base.json ] || $(BIN)/python -m scripts.proof record --out $(PROOF) $(if $(TABLES),--tables $(TABLES))
	@$(BIN)/python -m scripts.proof compare $(PROOF)

screenshots: dev-env ## take the pictures of docs/images again
	@$(BIN)/python scripts/ensure_browser.py
	@$(BIN)/python -m scripts.screenshots

wheel: dev-env ## build the wheel into dist/
	@$(BIN)/hatchling build -t wheel

lock: dev-env ## bring the locks up to date with pyproject.toml (UPGRADE=--upgrade takes newer releases)
	@$(LOCK) --group build pyproject.toml -o requirements.lock
	@$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

audit: dev-env ## ask the advisory database of PyPI about every locked package (needs the network)
	@$(BIN)/uv tool run --from pip-audit pip-audit --require-hashes --disable-pip --progress-spinner off -r requirements.lock

# Universal: one lock for every Python and system that we support. The second holds the first's
# releases, or a test tool's upper bound would decide what the product runs with.
LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

run-env:
	@scripts/bootstrap.sh run

dev-env:
	@scripts/bootstrap.sh dev
