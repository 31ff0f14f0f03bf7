# Two commands on a fresh machine with make and Python >= 3.11: `make demo`, `make test`.
# Each makes .venv in the checkout when it is missing; the rest is listed by `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OLDER_VENV := .venv-openai-2.54
OLDEST_VENV := .venv-openai-1.66
BINDER_VENV := .venv-binder
PHOENIX_VENV := .venv-phoenix
COLAB_VENV := .venv-colab
ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

# The venv's own Python does the work: what the shell has activated or exported does not matter.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lab check format bench screenshots bench-coverage binder test-sdks test-peers test-colab chromium prometheus clean

help:  ## what there is to type
	@sed -n 's/^\([a-z-]*\):.*##/make \1 \t/p' $(MAKEFILE_LIST) | expand -t 21

demo: $(READY)  ## the quickstart in a real kernel: receipt, rows, CSV; no key, no network
	@$(BIN)/python -m tests.demo

test: $(READY) chromium prometheus  ## every test, the real browser included
	@$(BIN)/python -m pytest $(ARGS)

lab: $(READY) out/lab/01_quickstart.ipynb  ## a copy of the quickstart in JupyterLab
	@$(BIN)/jupyter lab $(ROOT) --LabServerApp.extra_labextensions_path=$(CURDIR)/llmwatch/labextension \
		out/lab/01_quickstart.ipynb

out/lab/%.ipynb: notebooks/%.ipynb
	@mkdir -p $(@D) && cp $< $@

check: $(READY)  ## lint, format, types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(READY)  ## mend what `check` says about the looks of the code
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

screenshots: $(READY)  ## the pictures of the README, taken anew
	@$(BIN)/python -m tests.screenshots

bench: $(READY)  ## the speed table, each figure beside a bare one of the same run
	@$(BIN)/python -m tests.bench

bench-coverage: $(READY)  ## how often the intervals of `compare` hold the truth: a table, in ten minutes
	@$(BIN)/python -m tests.bench.coverage

test-sdks: $(OLDER_VENV)/.ready $(OLDEST_VENV)/.ready  ## shapes and budgets on older openai, which sends through httpx
	@$(OLDER_VENV)/bin/python -m pytest tests/capture/test_shapes.py tests/test_budget.py $(ARGS)
	@$(OLDEST_VENV)/bin/python -m pytest tests/test_budget.py $(ARGS)

test-colab: $(COLAB_VENV)/.ready  ## the notebook, the frames and the panel on what Google Colab comes with
	@$(COLAB_VENV)/bin/python -m pytest --ignore tests/magic/test_alerts_browser.py \
		tests/magic tests/store tests/charts tests/compare tests/widgets/test_colab.py tests/widgets/panel_page \
		tests/test_groups.py tests/test_loaded.py tests/test_reading.py tests/test_summary.py $(ARGS)

test-peers: $(READY) $(PHOENIX_VENV)/.ready  ## our spans in a real Arize Phoenix server
	@$(BIN)/python -m pytest tests/peers/phoenix.py $(ARGS)

binder: $(READY)  ## the steps of binder/ in a clean environment, and the quickstart in it
	@$(BIN)/python -m tests.binder $(BINDER_VENV)

chromium:  ## the browser of the browser tests, installed where that can be done
	@bash tests/chromium.sh

prometheus:  ## the Prometheus of its tests, installed where that can be done
	@bash tests/prometheus.sh

clean:  ## remove what the commands above have made
	@rm -rf .venv .venv-* out .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml
	@PYTHON="$(PYTHON)" bash tests/venv.sh $(VENV) --editable ".[all]" --group dev
	@touch $@

$(OLDER_VENV)/.ready: pyproject.toml
	@PYTHON="$(PYTHON)" bash tests/venv.sh $(OLDER_VENV) --editable ".[all]" --group test "openai==2.54.*"
	@touch $@

$(OLDEST_VENV)/.ready: pyproject.toml
	@PYTHON="$(PYTHON)" bash tests/venv.sh $(OLDEST_VENV) --editable ".[all]" --group test "openai==1.66.*"
	@touch $@

# Its kernel, not its server: in Colab that is Google's own.
$(COLAB_VENV)/.ready: pyproject.toml tests/colab.txt
	@PYTHON="$(PYTHON)" bash tests/venv.sh $(COLAB_VENV) --constraint tests/colab.txt \
		--editable ".[all]" notebook pytest hypothesis nbclient papermill playwright "httpx>=0.28" psutil trio
	@touch $@

$(PHOENIX_VENV)/.ready: tests/venv.sh
	@PYTHON="$(PYTHON)" bash tests/venv.sh $(PHOENIX_VENV) "arize-phoenix==20.*"
	@touch $@
