# Two commands matter: `make demo` shows the product at work, `make test` proves it. Both set
# everything up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SCANNER := .venv-infra
WORKER := .worker
PACKAGE := .venv-package
FUZZ := .venv-fuzz
PINS := .venv-pins
SEED ?= 1
SECONDS ?= 300
WORLDS ?= 100
MINUTES ?= 10
RUNS ?= 2000
EDITION ?= embedded
AZURITE := tests/azurite/node_modules/.package-lock.json
AXE := tests/console/browser/node_modules/.package-lock.json

.PHONY: demo demo-embedded demo-emulated test coverage test-long mutants azurite axe screenshots worker package check infra serve simulate soak soak-embedded soak-emulated fuzz fuzz-short bench golden pins clean

# EDITION=emulated: the same over AMQP and Table Storage, on Azurite and a Service Bus of the
# tests'; Node must be there.
demo: demo-$(EDITION)

demo-embedded: $(VENV)/reporting
	$(RUN) -m sandbox demo

demo-emulated: $(VENV)/development $(AZURITE)
	$(RUN) -m tests.emulators $(RUN) -m sandbox demo --emulated

# Four workers on two cores: many tests wait for other processes. All of them, and what they start,
# read compiled code, whatever the shell says: compiling costs half a minute a run.
TESTS := PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest --dist worksteal

test: $(VENV)/development
	$(TESTS) -n 4

# The same tests, and which lines and branches of the product they reach. Nothing is proved by that,
# and it costs a fifth of the time.
coverage: $(VENV)/development
	$(TESTS) -n 3 --cov --cov-report=term:skip-covered --cov-report=xml:.coverage.xml

# What `make test` has no time for: more examples of each property, drawn anew, and ten thousand
# worlds of the fault simulation (WORLDS=500 for fewer). Seeds that fail are kept in
# .simulation-failed and come first the next time.
test-long: WORLDS := 10000
test-long: $(VENV)/development
	$(TESTS) -n 2 -m "long or hypothesis" --hypothesis-profile=long
	$(RUN) -m tests.simulation 1 --worlds $(WORLDS) --processes 2

# The product with one thing wrong each: which test and which world find it out. Writes
# docs/mutants.md; NAMES=again-dropped runs one and writes its row. WORLDS=0 asks tests alone.
mutants: $(VENV)/development
	$(RUN) -m tests.mutants $(NAMES) --worlds $(WORLDS) --page

# Microsoft's emulator of Table Storage, for the tests that need it; Node must be there. Without it
# they are skipped.
azurite: $(AZURITE)

# What looks for barriers in the console's pages; Node must be there. Without it that test is skipped,
# and without Debian's chromium all tests with a browser are.
axe: $(AXE)

# The console's pages as pictures, for docs/console.md. Needs chromium.
screenshots: $(VENV)/development
	$(RUN) -m tests.console.screenshots

# Microsoft's worker code, for the tests that run the app in it. Without it they are skipped.
worker: $(WORKER)/ready

# An environment with nothing but requirements.txt, as Azure builds it: the tests import the
# unpacked package with it.
package: $(PACKAGE)/ready

check: $(VENV)/development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# Azure's Bicep files against a scanner's policies, offline; that they are whole and fit the code is
# among the tests.
infra: $(SCANNER)/ready
	$(SCANNER)/bin/checkov --config-file infra/.checkov.yaml -d infra

serve: $(VENV)/run-time
	$(RUN) -m sync serve

# One world of the fault simulation, told step by step: make simulate SEED=42. With WORLDS=100 as
# many from that seed on, and what went wrong.
simulate: WORLDS := 1
simulate: $(VENV)/development
	$(RUN) -m tests.simulation $(SEED) --worlds $(WORLDS)

# Hostile input: requests made from docs/openapi.json, then coverage-guided runs of SECONDS for each
# target of tests/fuzz (Linux). `make test` replays what was found, and changes of it.
fuzz: $(FUZZ)/ready
	$(FUZZ)/bin/python -m pytest -q --hypothesis-profile=long tests/fuzz/surface.py
	$(FUZZ)/bin/python -m tests.fuzz --seconds $(SECONDS)

# The same, short, and the same run every time: for each change. RUNS=20000 SEED=7 runs others.
fuzz-short: $(FUZZ)/ready
	$(FUZZ)/bin/python -m pytest -q tests/fuzz/surface.py
	PYTHONHASHSEED=0 $(FUZZ)/bin/python -m tests.fuzz --runs $(RUNS) --seed $(SEED)

# What a hook takes and what an order costs, printed; python -m tests.benchmarks --help tells more.
bench: $(VENV)/development
	$(RUN) -m tests.benchmarks

# The product under mixed load, killed every few seconds, while disk, stores and keys fail it:
# make soak MINUTES=30. EDITION=emulated as for the demo.
soak: soak-$(EDITION)

soak-embedded: $(VENV)/reporting
	$(RUN) -m sandbox soak --minutes $(MINUTES)

soak-emulated: $(VENV)/development $(AZURITE)
	$(RUN) -m tests.emulators $(RUN) -m sandbox soak --minutes $(MINUTES) --emulated

# What the app registers and the queues it needs, as text; read the difference.
golden: $(VENV)/development
	$(RUN) -m tests.hosts.surface
	$(RUN) -m tests.infra.queues

# Renews each requirements*.txt from its requirements*.in: what these bring along, and the hashes of
# all files. Pins that are there stay. requirements-worker.txt has one file, entered by hand.
pins: $(PINS)/ready
	for name in requirements requirements-reporting requirements-forecast requirements-dev requirements-fuzz requirements-infra requirements-pins; do \
		CUSTOM_COMPILE_COMMAND="make pins" $(PINS)/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-emit-index-url --no-emit-find-links --output-file $$name.txt $$name.in || exit; \
	done

$(VENV)/run-time: requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/reporting: requirements-reporting.txt $(VENV)/run-time
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-reporting.txt
	touch $@

$(VENV)/development: requirements-dev.txt requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(VENV)/run-time $(VENV)/reporting $@

$(PACKAGE)/ready: requirements.txt
	rm -rf $(PACKAGE)
	$(PYTHON) -m venv $(PACKAGE)
	$(PACKAGE)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

# Sees what $(VENV) holds, pip among it, and holds what that lacks.
$(FUZZ)/ready: requirements-fuzz.txt $(VENV)/development
	rm -rf $(FUZZ)
	$(RUN) -m venv --without-pip $(FUZZ)
	$(RUN) -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$$($(FUZZ)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/development.pth"
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-fuzz.txt
	touch $@

$(PINS)/ready: requirements-pins.txt
	test -x $(PINS)/bin/python || $(PYTHON) -m venv $(PINS)
	$(PINS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-pins.txt
	touch $@

$(SCANNER)/ready: requirements-infra.txt
	test -x $(SCANNER)/bin/python || $(PYTHON) -m venv $(SCANNER)
	$(SCANNER)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-infra.txt
	touch $@

# Without what it names as needed: azure-functions is ours as pinned, and its extensions are for
# kinds of bindings we have not.
$(WORKER)/ready: requirements-worker.txt | $(VENV)/run-time
	rm -rf $(WORKER)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --target $(WORKER) -r requirements-worker.txt
	touch $@

$(AZURITE): tests/azurite/package.json tests/azurite/package-lock.json
	npm ci --prefix tests/azurite --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(AXE): tests/console/browser/package.json tests/console/browser/package-lock.json
	npm ci --prefix tests/console/browser --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

clean:
	rm -rf $(VENV) $(SCANNER) $(PACKAGE) $(PINS) $(FUZZ) .fuzz $(WORKER) tests/azurite/node_modules tests/console/browser/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.xml
