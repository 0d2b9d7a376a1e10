# `make train` and `make test` set up all they need on a fresh machine; a second run starts at once.
# An active virtual environment is used, otherwise .venv is made.

PYTHON ?= python3.11
VENV := $(or $(VIRTUAL_ENV),.venv)
BIN := $(VENV)/bin
# The stamp names the lock and the checkout: a changed lock, or another clone in this environment, installs anew.
KEY := $(shell (cat requirements.lock; pwd) | cksum | cut -d' ' -f1)
STAMP := $(VENV)/.nudge-$(KEY)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

ifeq ($(shell uname)$(DISPLAY)$(MUJOCO_GL),Linux)
export MUJOCO_GL := egl
endif

.DEFAULT_GOAL := help
.PHONY: help setup train test check lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(STAMP) ## Make the environment (train, test and check do so too)
	@.ci/install-system-packages

train: setup ## Learn peg insertion in the twin; more options: ARGS="--seed 1"
	@$(BIN)/nudge train --task peg_insert $(ARGS)

test: setup ## Run every test but those for real hardware; fewer: ARGS=tests/unit
	@PYTHON=$(PYTHON) .ci/install-franka-sim >/dev/null || echo "test: no franka-sim; its tests will be skipped"
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## Style, types, import contracts, and that the README's commands exist
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/architecture/test_readme.py

lock: setup ## Pin anew what the extras in pyproject.toml need
	@$(PIP) install --dry-run --ignore-installed --report $(VENV)/report.json '.[all,dev]'
	@$(BIN)/python .ci/lock.py $(VENV)/report.json > requirements.lock

clean: ## Remove .venv and caches; runs/ stays
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "setup: no $(PYTHON); install Python 3.11 or run make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setup: making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(STAMP): | $(BIN)/python
	@echo "setup: installing $$(grep -c == requirements.lock) pinned packages (one to three minutes, once)"
	@rm -f $(VENV)/.nudge-*
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
	@echo "setup: done"
