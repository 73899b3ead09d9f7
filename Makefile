# Two commands matter: `make demo` shows the product at work, `make test` proves it. Both set everything up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SEED ?= 1

.PHONY: demo test check serve simulate golden clean

demo: $(VENV)/run-time
	$(RUN) -m sync demo

test: $(VENV)/development
	$(RUN) -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered --cov-report=xml:.coverage.xml

check: $(VENV)/development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

serve: $(VENV)/run-time
	$(RUN) -m sync serve

# One world of the fault simulation, told step by step: make simulate SEED=42
simulate: $(VENV)/development
	$(RUN) -m tests.simulation $(SEED)

# What the app registers, as text; read the difference in the pull request.
golden: $(VENV)/development
	$(RUN) -m tests.hosts.surface

$(VENV)/run-time: requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/development: requirements-dev.txt requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/run-time

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.xml
