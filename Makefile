# Everything sets itself up: Python 3.11 or newer and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INPUT ?= demo/phantoms/dicom
OUT ?= $(if $(filter demo/phantoms/dicom,$(INPUT)),demo/results,demo/own)

.PHONY: demo test check bench docs clean

demo: $(READY)
	@if [ "$(INPUT)" = demo/phantoms/dicom ]; then $(BIN)/msk-monai phantom ct_l3_slice -o demo/phantoms --count 6 --seed 7; fi
	$(BIN)/msk-monai predict "$(INPUT)" -o "$(OUT)" --bundle ct_l3_slice

test: check
	$(BIN)/python -m pytest -q -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/pip install -q -c constraints.txt -e ".[bench]"
	$(BIN)/python benchmarks/read.py
	$(BIN)/python benchmarks/l3.py --speed

docs: $(READY)
	$(BIN)/pip install -q -c constraints.txt -e ".[docs]"
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

$(READY): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) build dist demo docs/_build docs/bundles .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
