# Every command installs what it needs first; see docs/adr/0003-commands.md.
.DEFAULT_GOAL := help
.PHONY: help setup run test lint lint-api bench faults assets messages clean

# The interpreter to build .venv with; pip must be there, nothing else.
PYTHON ?= python3
# Test processes side by side, and further arguments for pytest: make test ARGS="tests/offers -k seats"
WORKERS ?= 2
ARGS ?=

VENV := .venv/bin
SETUP := $(PYTHON) -m backend.ops.bootstrap

help:
	@echo "make run       start the whole service on http://127.0.0.1:8000 (PORT=8123 make run for another port)"
	@echo "make test      run every test (ARGS='tests/offers -x' for some)"
	@echo "make lint      check style, types, imports, templates, migrations, container files"
	@echo "make lint-api  check the API's description as other programs' tools do (needs node)"
	@echo "make bench     measure the figures in docs"
	@echo "make faults    the long fault-injection tests"
	@echo "make assets    rebuild the vendored css, js and icons (needs node)"
	@echo "make messages  update and compile the translations"
	@echo "make setup     only install the locked dependencies into .venv"
	@echo "make clean     remove what make built; .data stays"

setup:
	@$(SETUP) all

# exec: the service then is make's own child and notices when make is killed.
run:
	@$(SETUP) run
	@exec $(VENV)/python -m backend.ops.runner --stop-with-parent

test: setup
	@$(VENV)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

lint: setup
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports
	$(VENV)/mypy
	$(VENV)/djlint --lint frontend_templates
	$(VENV)/python -m backend.ops.embedded shell -- $(VENV)/python -m backend.manage makemigrations --check --dry-run
	$(VENV)/hadolint Dockerfile
	$(VENV)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

lint-api: setup
	@$(VENV)/python -m backend.ops.embedded shell -- $(VENV)/python -m backend.manage spectacular --format openapi-json --file tools/openapi_lint/openapi.json
	npm --prefix tools/openapi_lint ci --ignore-scripts
	npm --prefix tools/openapi_lint run lint

bench: setup
	@$(VENV)/python -m tests.benchmarks $(ARGS)

faults: setup
	@FAULTS=long $(VENV)/python -m pytest tests/faults tests/applications/test_races.py $(ARGS)

assets:
	npm --prefix frontend_templates/assets ci
	npm --prefix frontend_templates/assets run build

messages: setup
	@$(VENV)/python -m backend.ops.embedded shell -- $(VENV)/python -m backend.manage messages

clean:
	rm -rf .venv .boot .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +
