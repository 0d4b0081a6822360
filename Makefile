# Everything a person or CI does here. `make` alone lists it. Works with the make of macOS (GNU 3.81).
# All is installed into .venv, from the lock files in locks/ (pinned, with hashes); stamps in .venv tell what is done.

VENV := .venv
PY := $(VENV)/bin/python
STUBS := $(VENV)/esp32-stubs
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
LOCKED := $(PIP) --require-hashes --only-binary :all: --no-binary esptool --no-build-isolation
PYTEST := $(PY) -m pytest
# A worker for each processor; a file's tests stay together, since they share what is dear to make.
MANY := -n logical --dist loadfile

CHECKS := env lint types-host types-firmware layering mpy test-host test-micropython test-fetch test-wheel test-sumo services test-services docs

.DEFAULT_GOAL := help
.PHONY: help demo studio test check env fast fleet sumo lint format types types-host types-firmware layering mpy test-host test-micropython test-wheel test-sumo services test-services test-fetch soak docs bench size sbom coverage pictures lock clean

help: ## this list
	@echo 'Lykta: adaptive street lighting. The two to know: `make demo` and `make test`.'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.base ## simulate a night at Valla Torg, print its figures, write night/report.html
	@$(PY) -m lykta simulate valla_torg --out night
	@echo 'Tune         this night, with every change before your eyes: make studio'

studio: $(VENV)/.dev ## open the page on which the night of the demo is looked at and tuned
	@$(PY) -m lykta studio valla_torg

test: $(VENV)/.dev ## all tests but those that build and install
	@$(PYTEST) $(MANY) -m "not slow and not sumo and not services"

check: ## what CI runs: every stage below, timed, failing at the end if any failed
	@MAKE="$(MAKE)" .ci/stages $(CHECKS)

env: $(VENV)/.dev $(VENV)/.stubs ## make or mend the environment .venv

fast: $(VENV)/.fast ## add the compiled engine (Numba) to .venv

fleet: $(VENV)/.fleet ## only what boards and a street on a network need, in .venv; virtual ones too

lint: $(VENV)/.dev ## style: ruff check and ruff format
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

sumo: $(VENV)/.sumo ## add Eclipse SUMO to .venv (150 MB to fetch)

format: $(VENV)/.dev ## let ruff put right what it can
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

types: types-host types-firmware ## both of the next two

types-host: $(VENV)/.dev ## types of the host: mypy strict
	@$(PY) -m mypy

types-firmware: $(VENV)/.dev $(VENV)/.stubs ## types of the firmware, against the stubs of the ESP32
	@MYPYPATH=$(STUBS):firmware $(PY) -m mypy --config-file .ci/mypy_firmware.ini --custom-typeshed-dir $(STUBS) firmware

layering: $(VENV)/.dev ## who may import whom
	@$(PYTEST) -q -m layering

mpy: $(VENV)/.dev ## every firmware file compiles for the node, and stays short
	@$(PYTEST) -q -m mpy

test-host: $(VENV)/.dev ## the tests on CPython that have no stage of their own
	@$(PYTEST) -q $(MANY) --durations=10 -m "not layering and not mpy and not micropython and not docs and not slow and not services"

test-micropython: $(VENV)/.dev ## the tests on a real MicroPython VM
	@$(PYTEST) -q $(MANY) -m "micropython and not slow and not services"

test-wheel: $(VENV)/.dev ## the slow tests: build the wheel, install it elsewhere, run it there
	@$(PYTEST) -q $(MANY) --durations=5 -m "slow and not fetch and not soak and not sumo and not services"

test-sumo: $(VENV)/.dev $(VENV)/.sumo ## the tests with SUMO: its nights beside ours, a real quarter all the way
	@$(PYTEST) -q --durations=5 -m "sumo"

services: ## install mosquitto, PostgreSQL and Chromium from the packages of the system
	@.ci/services

test-services: $(VENV)/.dev ## the tests with real servers: a broker, a database, a browser, each on this machine alone
	@$(PYTEST) -q --durations=5 -m "services and not soak"

test-fetch: $(VENV)/.dev ## the tests that fetch the 32-bit VM (64-bit Linux with apt): the heap of a node stays in its budget
	@$(PYTEST) -q --durations=5 -m fetch

soak: $(VENV)/.dev ## hours of it: whole nights, a week and a month of whole firmwares, every fault, the lines that tests reach
	@$(PYTEST) -q --durations=0 -m soak
	@$(PY) -m gauges.lines --least 90

docs: $(VENV)/.dev ## what the documents say is so
	@$(PYTEST) -q -m docs

bench: $(VENV)/.dev ## the published figures: energy, service, and time per stage
	@$(PY) tests/bench/figures.py

size: $(VENV)/.dev ## what the firmware weighs: its compiled files, and the heap of a node on a 32-bit VM
	@$(PY) -m gauges.size

sbom: $(VENV)/.dev ## what the software is made of, as CycloneDX: dist/sbom/, one list for the node, one for the tools
	@$(PY) -m gauges.sbom

coverage: $(VENV)/.dev ## which lines of the firmware the tests run on MicroPython, file by file
	@$(PY) -m gauges.lines --least 90

pictures: $(VENV)/.dev ## draw the pictures of the README anew; those of the studio need Chromium (make services)
	@$(PY) host_tools/pictures/make.py

lock: $(VENV)/.dev ## renew the lock files in locks/ after a change in pyproject.toml
	@PY=$(PY) locks/make

clean: ## remove .venv and all that was built or cached
	rm -rf $(VENV) build dist night .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find firmware host_tools tests boards -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment ------------------------------------------------------------------------------------------
# A .venv whose Python is gone (an upgrade, a moved clone) is made anew; one that runs is kept.
ALIVE := $(shell $(PY) -c 'import sys, pip; print((3, 11) <= sys.version_info < (3, 15))' 2>/dev/null)
ifneq ($(ALIVE),True)
.PHONY: $(VENV)/.python
endif

$(VENV)/.python:
ifneq ($(ALIVE),True)
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && echo "making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
endif
	@touch $@

# The lock of dev holds all of fast and fleet, each of these all of base, in the same versions. Nothing unpinned is ever
# fetched: the build backend of the editable install is in the lock too.

$(VENV)/.base: $(VENV)/.python locks/base.txt pyproject.toml
	@echo "installing what Lykta needs (locks/base.txt)"
	@$(LOCKED) -r locks/base.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.fast: $(VENV)/.base locks/fast.txt
	@echo "installing the compiled engine (locks/fast.txt)"
	@$(LOCKED) -r locks/fast.txt
	@touch $@

$(VENV)/.fleet: $(VENV)/.base locks/fleet.txt
	@echo "installing what a street on a network needs (locks/fleet.txt)"
	@$(LOCKED) -r locks/fleet.txt
	@touch $@

$(VENV)/.sumo: $(VENV)/.base locks/sumo.txt
	@echo "installing Eclipse SUMO (locks/sumo.txt)"
	@$(LOCKED) -r locks/sumo.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.base locks/dev.txt
	@echo "installing what the tests need (locks/dev.txt)"
	@$(LOCKED) -r locks/dev.txt
	@touch $@

# Stubs replace the standard library for mypy, so they live in a folder of their own.
$(VENV)/.stubs: $(VENV)/.python locks/stubs.txt
	@echo "installing the stubs of the ESP32 (locks/stubs.txt)"
	@rm -rf $(STUBS) && $(LOCKED) --no-deps --target $(STUBS) -r locks/stubs.txt
	@touch $@
