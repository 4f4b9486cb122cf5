# Two commands do their own set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OUT ?= out
# Two workers, of which one has all tests on a cluster: see tests/conftest.py.
PYTEST_ARGS ?= -n 2 --dist loadgroup

.PHONY: demo test infra-test lint check setup clean help

help:
	@echo "make demo   render the demo campaign into $(OUT)/"
	@echo "make test   run the whole suite"
	@echo "make lint   style, types and import direction"
	@echo "make infra-test   the Terraform, made and removed on a pretended AWS; a table"

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Spotmill needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

setup: $(VENV)/installed

demo: $(VENV)/installed
	$(BIN)/python -m jobs.render examples/demo/campaign.yaml --out $(OUT)

test: $(VENV)/installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

infra-test: $(VENV)/installed-test
	$(BIN)/python infra/check.py

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m infra.licences

check: lint test

clean:
	rm -rf $(OUT)
