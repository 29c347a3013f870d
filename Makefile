# make demo: a search on made data, from nothing to its pictures.    make test: the whole suite.
# Works from any folder and any working directory: make -f path/to/Makefile demo.

ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV := $(ROOT).venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
STAMP = $(shell date +%Y%m%d-%H%M%S)

# Cheaper than the defaults: fewer trials, epochs, images and steps of the attack; more seeds of the best, to tell them apart.
DEMO := --references few --trials 12 --seed-check 4 --epochs 18 --ranking-images 128 --ladder 6:pgd-5@64,18:pgd-10!

# A search.py in the current folder must not stand in for our package of that name.
export PYTHONSAFEPATH := 1

.PHONY: demo test quick lint wheel clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	cd "$(ROOT)" && run=runs/demo-$(STAMP) && \
	"$(BIN)/python" -m search tsynd $(DEMO) --run $$run && \
	"$(BIN)/python" -m analysis $$run

# Whole files go to one of the workers, as their tests share what was trained.
test: $(VENV)/.installed-dev
	cd "$(ROOT)" && "$(BIN)/python" -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# The tests that start no cluster and run no whole search.
quick: $(VENV)/.installed-dev
	cd "$(ROOT)" && "$(BIN)/python" -m pytest --numprocesses auto --dist loadfile -m "not slow"

lint: $(VENV)/.installed-dev
	cd "$(ROOT)" && "$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	cd "$(ROOT)" && "$(BIN)/mypy"
	cd "$(ROOT)" && "$(BIN)/lint-imports"
	cd "$(ROOT)tools" && PYTHONPATH=. "$(BIN)/python" check_names.py && PYTHONPATH=. "$(BIN)/python" check_layout.py && PYTHONPATH=. "$(BIN)/python" check_door.py

# Into dist/. What an older build left in build/ would get into the wheel.
wheel: $(VENV)/.installed
	rm -rf "$(ROOT)build"
	"$(BIN)/python" -m pip wheel --quiet --no-deps --wheel-dir "$(ROOT)dist" "$(ROOT)"
	rm -rf "$(ROOT)build"

$(VENV)/.installed: $(ROOT)pyproject.toml $(ROOT)constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 to 3.13 is needed: name one with PYTHON=..."; exit 2; }
	test -x "$(BIN)/python" || $(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade pip
	"$(BIN)/python" -m pip install --quiet --constraint "$(ROOT)constraints.txt" --editable "$(ROOT)"
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	"$(BIN)/python" -m pip install --quiet --constraint "$(ROOT)constraints.txt" --editable "$(ROOT)[dev]"
	touch $@

clean:
	rm -rf "$(VENV)"
