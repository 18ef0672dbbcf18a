# All commands for developers; `make` lists them.

# The first Python that is new enough; PYTHON=/path/to/python3.11 names another one.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	$$name -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help run setup test check format lock bench fuzz chaos compose clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: setup ## start the studio; PORT=8100 for another port
	@exec $(BIN)/python manage.py up

setup: .venv/installed ## create .venv and install requirements.lock

.venv/installed: requirements.lock
	@python="$(PYTHON)"; "$${python:-none}" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Cleanset Studio needs Python 3.11 or newer; found: $$("$${python:-python3}" --version 2>&1 | head -n 1)." \
			"Name another one: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing requirements.lock into .venv; the first time takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

test: setup ## run all tests; those that need Chromium, Redis, PostgreSQL or nginx are skipped if it is missing
	@$(MAKE) --no-print-directory .venv-client/installed || echo "Tests of the public client are skipped." >&2
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES)

.venv-client/installed: tests/client/requirements.txt
	@test -x .venv-client/bin/python || $(PYTHON) -m venv .venv-client
	@echo "Installing the public client, for its tests, into .venv-client."
	@.venv-client/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

check: setup ## lint, format, types, import contracts, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint templates
	$(BIN)/python manage.py makemigrations --check --dry-run

format: setup ## format code and templates, and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --quiet --reformat templates

lock: setup ## renew requirements.lock: the newest versions that pyproject.toml allows
	@$(BIN)/python .ci/lock

bench: setup $(if $(DATA),.venv-bench/installed) ## measure the main job; DATA=folder: on public data, beside other programs
	@$(BIN)/python -m tests.benchmarks.run $(if $(DATA),--data-dir $(DATA)) $(ARGS)
	@$(if $(ARGS),true,nice $(BIN)/python -m tests.benchmarks.review)
	@$(if $(ARGS),true,nice $(BIN)/python -m tests.benchmarks.load)

fuzz: setup ## read 5,000 damaged files of every format; ARGS="--seconds 60" for less
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

chaos: setup ## harm studios in use, on either stack, and count what they lost; ARGS="--quick" for a minute of it
	@$(BIN)/python -m tests.chaos.run $(ARGS)

compose: setup ## start the services of docker-compose.yml without docker, and wait until all are healthy
	@$(BIN)/python -m tests.composed

.venv-bench/installed: tests/benchmarks/requirements-peers.txt
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@echo "Installing the programs to compare with into .venv-bench."
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clean: ## remove .venv and the caches of tools, not your data
	rm -rf .venv .venv-bench .venv-client .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
