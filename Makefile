# Everything is installed from the lock files in requirements/, with hashes, into .venv and .venvs; nothing else is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

BIN := .venv/bin
INSTALL := .ci/pip-install
# The locks are complete and every package comes built: nothing is resolved, and no code of a package runs at installation.
LOCKED := --no-deps --only-binary :all: --require-hashes
COMPILE := .venvs/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --exclude-newer "7 days" $(if $(UPGRADE),--upgrade)
APPS := $(patsubst requirements/%.in,%,$(wildcard requirements/apps/*.in))
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help venv tools demo test test-real fuzz crash check format bench docs lock clean postgresql

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: .venv/.muster ## Make .venv with Muster and what it runs on

demo: venv ## Show Muster at work on this machine; KEEP=1 keeps what it made
	@$(BIN)/muster demo $(if $(filter-out 0 no,$(KEEP)),--keep)

test: tools postgresql check ## Check and test everything; installs what that needs, PostgreSQL too
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-real: tools postgresql ## Only the tests against real servers
	$(BIN)/python -m pytest tests/real

fuzz: .venv/.fuzz ## Fuzz filters, paths and bodies; TARGETS="filter path", SECONDS=600 for each, RUNS=100000
	$(BIN)/python -m tests.fuzz $(TARGETS) --seconds $(or $(SECONDS),60) --runs $(or $(RUNS),-1)

crash: tools postgresql ## Kill processes for longer than the suite does: N=10000 on each database
	$(BIN)/python -m tests.crash --kills $(or $(N),1000)

check: tools ## Style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

format: tools ## Put the code into the agreed shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: tools ## Measure speed and scale, side by side with others; ONLY=scim, growth or sync; FULL=1 grows further
	@$(if $(filter sync,$(ONLY)),,.ci/need-wrk)
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(filter-out 0 no,$(FULL)),--full)

docs: .venv/.docs ## Build the documentation into docs/_build/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going -b html docs docs/_build/html

lock: .venvs/lock/.locked ## Make the lock files anew; UPGRADE=1 takes newer versions, a week old at least
	$(COMPILE) pyproject.toml -o requirements/run.txt
	for name in build test check docs fuzz lock $(APPS); do \
		$(COMPILE) requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: ## Remove everything that can be made again
	rm -rf .venv .venvs .demo .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf build dist docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── What the targets above stand on ──────────────────────────────────────────────────────────────────────────────

tools: .venv/.tools .venv/.muster

postgresql:
	@.ci/need-postgresql

# A changed lock makes the environment anew, so that it never holds more than the locks say.
.venv/.run: requirements/build.txt requirements/run.txt
	@python=$$(.ci/find-python) && echo "making .venv with $$($$python --version); this takes half a minute" \
		&& $$python -m venv --clear .venv
	@$(INSTALL) $(BIN)/python $(LOCKED) -r requirements/build.txt -r requirements/run.txt
	@touch $@

.venv/.muster: .venv/.run pyproject.toml
	@$(INSTALL) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.tools: .venv/.run requirements/test.txt requirements/check.txt
	@echo "adding the tools for tests and checks to .venv"
	@$(INSTALL) $(BIN)/python $(LOCKED) -r requirements/test.txt -r requirements/check.txt
	@touch $@

.venv/.docs: .venv/.muster requirements/docs.txt
	@$(INSTALL) $(BIN)/python $(LOCKED) -r requirements/docs.txt
	@touch $@

.venv/.fuzz: .venv/.muster requirements/fuzz.txt
	@$(INSTALL) $(BIN)/python $(LOCKED) -r requirements/fuzz.txt
	@touch $@

.venvs/lock/.locked: requirements/lock.txt
	@python=$$(.ci/find-python) && $$python -m venv --clear .venvs/lock
	@$(INSTALL) .venvs/lock/bin/python $(LOCKED) -r requirements/lock.txt
	@touch $@
