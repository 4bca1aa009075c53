# Everything runs in .venv, which is made on the first call with what constraints.txt pins.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test browser picture e2e prove-table lint format bench bench-monorepo bench-replay findings docs real survey shell clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

demo: $(READY)  ## improve a real project of corpus/ and show the diff
	@$(BIN)/dockopt fix corpus/projects/flask-notes

test: $(READY)  ## all tests that need no builder
	$(BIN)/python -m pytest

browser: $(READY)  ## the report in a real Chromium (Debian's package), with pictures of it in $CI_ARTEFACTS or tests/artefacts
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[browser]'
	DOCKOPT_BROWSER=1 $(BIN)/python -m pytest tests/report/test_browser.py -n 0 -rs --durations=3

picture: $(READY)  ## draw a run of dockopt on a terminal for the README
	$(BIN)/python -m tests.picture --write

e2e: $(READY)  ## prove the corpus with a real builder (root, Debian 12), within DOCKOPT_E2E_MINUTES
	DOCKOPT_E2E=1 DOCKOPT_E2E_MINUTES=$${DOCKOPT_E2E_MINUTES:-18} $(BIN)/python -m pytest tests/e2e -n 0 -rs --durations=10

prove-table: $(READY)  ## measure the corpus with a real builder, print the table, write tests/e2e/RESULTS.md and REBUILDS.md
	$(BIN)/python -m tests.e2e.table --write
	$(BIN)/python -m tests.e2e.table --rebuilds --write

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## print the catalogue of transforms into its pages
	$(BIN)/python -m tests.catalogue --write

real: $(READY)  ## run over a folder of real Dockerfiles: make real FOLDER=...
	$(BIN)/python -m tests.real $(FOLDER)

survey: $(READY)  ## real applications of one stage: how many are parted, and why not: make survey FOLDER=...
	$(BIN)/python -m tests.survey $(FOLDER) --write

shell: $(READY)  ## our shell trees beside shfmt's, span by span: make shell FOLDER=...
	$(BIN)/python -m tests.oracles.shfmt $(FOLDER)

bench: $(READY)  ## speed, beside hadolint and tally on the same files: make bench FOLDER=...
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m tests.bench $(FOLDER)

bench-monorepo: $(READY)  ## thousands of files: processes, remembered results, Dask: make bench-monorepo [FILES=10000]
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dask]'
	$(BIN)/python -m tests.monorepo $(FILES)

bench-replay: $(READY)  ## rebuilds of real histories before and after: make bench-replay FOLDER=... [LIST=...]
	$(BIN)/python -m tests.replay $(FOLDER) $(LIST)

findings: $(READY)  ## hadolint's findings before and after, on 2,000 files: make findings FOLDER=...
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m tests.findings $(FOLDER)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
