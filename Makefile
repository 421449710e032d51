# One verb set, the same on a desk and in CI. `make` alone lists it.
# Needs Python 3.11+, git and make; everything else goes into .venv, from hashed locks.

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := uv==0.13.9
ZENSICAL := zensical==0.0.73
PIP_AUDIT := pip-audit==2.10.1
PLAYWRIGHT := playwright==1.65.2 axe-playwright-python==0.1.8
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# One more at once than there are processors, at most four: tests that start processes wait for them.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN); [ $$n -lt 4 ] && echo $$((n + 1)) || echo 4)
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

COVERING := tests/unit tests/contract

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint type cover test-ui screenshot long proof audit advisories mutants bench docs images dev-up dev-down lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## one night, end to end, on this machine: the best edges, why, and a storm
	@$(BIN)/tipoff demo

test: lint type cover long ## everything that must pass on every change: lint, type, cover, long (under ten minutes)

lint: $(READY) ## style, formatting and which package may import which
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo

type: $(READY) ## mypy, strict
	@$(BIN)/mypy

cover: $(READY) ## unit and contract tests, and branch coverage of shared, services and client of at least 90 %
	@$(PYTEST) -m "not proof" --cov --cov-fail-under=90 $(COVERING)

# TIPOFF_CHROMIUM names a browser that is called otherwise.
test-ui: $(READY) ## the page in a real browser: needs Chromium (Debian's package chromium); screenshots in build/screenshots
	@$(PIP) install $(PLAYWRIGHT)
	@for name in "$${TIPOFF_CHROMIUM:-chromium}" chromium-browser google-chrome; do \
	  command -v "$$name" >/dev/null && exec $(BIN)/pytest tests/ui; \
	done; \
	echo "error: no Chromium found: install Debian's package chromium, or name one in TIPOFF_CHROMIUM" >&2; exit 1

screenshot: $(READY) ## README's picture of the page, made of the demo's night; needs Chromium
	@$(PIP) install $(PLAYWRIGHT)
	@$(BIN)/python -m tests.ui.screenshot docs/tonight.png "$${TIPOFF_CHROMIUM:-$$(command -v chromium)}"

# The browser's tests share one replayed month: a process of their own, and at once where there is no browser.
long: $(READY) ## the other tests: whole nights, both engines, the oracle, the simulation (tracing them would add a fifth)
	@$(PYTEST) -m "not proof" $(addprefix --ignore=,$(COVERING) tests/ui)
	@$(BIN)/pytest -m "not proof" tests/ui

proof: $(READY) ## the long proofs: all seeds, all kills, whole seasons (hours)
	@HYPOTHESIS_PROFILE=proof TIPOFF_PROOF=1 $(PYTEST) -m proof

# `secret` in a name is no secret: without the detector of such words. Locks are hashes from end to end.
audit: $(READY) ## what bandit finds beyond ruff, and secrets in any file that git knows
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive shared services client live devstack cli deploy benchmarks
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --disable-plugin KeywordDetector --exclude-files '^requirements/'

advisories: $(READY) ## known holes of the locked packages, asked of pypi.org
	@$(PIP) install $(PIP_AUDIT)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/dev.txt

SEED ?= 1
mutants: $(READY) ## deliberate bugs drawn by SEED=n: which of them no test notices (about 15 minutes)
	@$(BIN)/python -m tests.mutants --seed $(SEED)

bench: $(READY) ## the benchmarks
	@$(BIN)/tipoff bench

docs: $(READY) ## the documentation as a site in build/docs: every link checked, nothing asked of another host
	@$(PIP) install $(ZENSICAL)
	@$(BIN)/zensical build --clean --strict
	@$(BIN)/pytest -q tests/unit/house/test_site.py

images: $(READY) ## every image built with buildah, started and tried: make images, or SERVICES="worker scraper" (ten minutes)
	@$(BIN)/python -m deploy images $(SERVICES)

dev-up: $(READY) ## start the local stack and leave it running
	@$(BIN)/tipoff dev up

dev-down: $(READY) ## stop the local stack
	@$(BIN)/tipoff dev down

# Versions already locked are kept; `make lock UPGRADE=--upgrade` moves them to the newest. dev.txt decides for all, so
# that what is tested is what is deployed.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE) pyproject.toml

lock: | $(BIN)/python ## resolve pyproject.toml again into the hashed locks of requirements/
	@$(PIP) install $(UV)
	@$(COMPILE) --extra dev -o requirements/dev.txt
	@for service in scraper analytics coordinator worker local; do \
	  $(COMPILE) --extra $$service -c requirements/dev.txt -o requirements/$$service.txt || exit 1; \
	done

clean: ## remove .venv, caches and build output (the data in .tipoff stays)
	@rm -rf $(VENV) .mutants build dist *.egg-info .coverage* .*_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first interpreter of PYTHON that is new enough and can make virtual environments makes .venv.
$(BIN)/python:
	@old=; bare=; for python in $(PYTHON); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { old="$$version"; continue; }; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null || { bare="$$version"; continue; }; \
	  echo "setting up .venv with Python $$version (about a minute, once)"; \
	  exec $$python -m venv --clear $(VENV); \
	done; \
	if [ -n "$$bare" ]; then \
	  echo "error: Python $$bare cannot make a virtual environment: install its venv module (apt install python$$bare-venv)" >&2; \
	else \
	  echo "error: Tipoff needs Python 3.11 or newer, found $${old:-none}: install one, or name it: make PYTHON=/path/to/python3.11" >&2; \
	fi; \
	exit 1

# The locks are complete, so nothing is resolved again: pip 23 would take "google-auth[x]" for an unpinned requirement.
$(READY): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "installing requirements/dev.txt into .venv"
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
