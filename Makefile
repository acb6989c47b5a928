# The two that matter: `make run` starts the board, `make test` tests it. Paths are relative and quoted nowhere,
# so that a folder with a blank in its name works too.

.PHONY: run prepare admin test test-slow test-browser bench lighthouse html lint coverage mutants audit licences lock clean
.DEFAULT_GOAL := run

PYTHON ?= python3
PY := .venv/bin/python
# The address that gunicorn.conf.py binds to; both read the same variables.
export HOST ?= 127.0.0.1
export PORT ?= 8000
# SQLite needs no more; with PostgreSQL behind it, more tests at once.
TEST_PROCESSES ?= 2

run: prepare
	@exec $(PY) -m gunicorn

# Everything that has to be there before the first request. Quick when it is there already.
prepare: .venv/.runtime var/secret_key var/.static
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py load_samples

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The board needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python cannot make virtual environments here. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo "Installing what the board needs …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.tests: tests/requirements.txt .venv/.runtime
	@echo "Installing what the tests need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

var/secret_key: | .venv/bin/python
	@mkdir -p var
	@(umask 077; $(PY) -c 'import secrets; print(secrets.token_urlsafe(50))' > $@.new) && mv $@.new $@

# What an older release needs stays: it may still be serving, and caches may hold its pages.
var/.static: .venv/.runtime var/secret_key $(shell find static -type f | sed 's/ /\\ /g')
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@

# Makes an account for the admin.
admin: prepare
	@$(PY) manage.py createsuperuser

# They are to be quick, under three minutes on two quiet cores: what takes seconds, and most lines of a long table of
# pages, is marked `slow`. Python keeps what it compiled, whatever the shell says: else each process prepares all anew.
test test-slow test-browser coverage: export PYTHONDONTWRITEBYTECODE =

test: .venv/.tests
	@$(PY) -m pytest -n $(TEST_PROCESSES) -m "not slow" $(PYTEST_ARGS)

# Killed imports, damaged files, the browser, the start from a fresh clone, the corpus where POSTINGS_CORPUS names it,
# and the rest of long tables of which `make test` takes a few lines. One at a time: they measure, and start processes
# of their own.
test-slow: .venv/.tests
	@$(PY) -m pytest -m slow $(PYTEST_ARGS)

# The browser's tests alone, which measure no time and so may run side by side.
test-browser: .venv/.tests
	@$(PY) -m pytest -n $(TEST_PROCESSES) -m browser $(PYTEST_ARGS) tests/browser

# Loads boards of many postings with wrk and prints tables of what each page reaches, as a share of a page that does
# nothing. BENCH_SIZES=10000,1000000 says how large they are, BENCH_DATABASE_URL=postgres://… names a PostgreSQL server
# to measure on as well, and BENCH_ARGS the rest: "--only load,memory,inside,import --rounds 3 --seconds 5 --check
# --source PATH". The boards stay in var/benchmarks and on that server.
bench: .venv/.runtime
	@$(PY) -m tests.benchmarks $(BENCH_ARGS)

# Lighthouse's scores of the list and of a posting; it needs npm and Chromium. What it fetches and finds is in
# var/lighthouse.
lighthouse: .venv/.tests var/secret_key var/.static
	@$(PY) -m tests.browser.lighthouse

# Every kind of page before the Nu Html Checker, which stands behind validator.w3.org; it needs npm, to be fetched
# once, and Java 17 or newer.
html: .venv/.tests
	@$(PY) -m tests.validity.checker
	@$(PY) -m pytest -m validity $(PYTEST_ARGS) tests/validity

lint: .venv/.tests var/secret_key
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) manage.py check --fail-level WARNING
	@$(PY) manage.py makemigrations --check --dry-run

# How much of the board's own code the quick tests run, by lines and branches, with what they start; under 95 % it fails.
# It takes two or three times as long as they do. What is there for PostgreSQL alone is run on that alone: once more with
# DATABASE_URL=postgres://… and PYTEST_ARGS=--cov-append adds it to what was measured before.
coverage: .venv/.tests
	@mkdir -p var/coverage
	@$(PY) -m pytest -n $(TEST_PROCESSES) -m "not slow" --cov --cov-report=term --cov-fail-under=95 $(PYTEST_ARGS)

# Whether the tests of two modules notice when these are changed: mutmut changes them in hundreds of ways, one at a time,
# and names the changes that no test failed by. Each is to be read: .venv/bin/mutmut show NAME. What was tried before is
# tried again only where the code changed, or with MUTMUT_ARGS=NAME; the copy that it works in is in mutants/.
# With DATABASE_URL=postgres://… it tries there what survived before, for what is there for PostgreSQL alone; it leaves
# the database mutants_migrated on that server.
mutants: .venv/.tests
	@rm -f mutants/migrated.*
ifneq ($(filter postgres%,$(DATABASE_URL)),)
	@rm -f mutants/mutmut-stats.json
	@.venv/bin/mutmut run --max-children 1 $$(.venv/bin/mutmut results | sed -n 's/: survived$$//p')
	@rm -f mutants/mutmut-stats.json
else
	@.venv/bin/mutmut run $(MUTMUT_ARGS)
endif
	@.venv/bin/mutmut results

# What is known to be wrong with the pinned releases, of the board and of its tests. Where the database of vulnerabilities
# cannot be reached, it says so and succeeds.
audit: .venv/.tests
	@$(PY) -m tests.supply.audit

# Writes docs/licences.md anew, after a dependency came or went.
licences: .venv/.tests
	@$(PY) -m tests.supply.licences

# Pins the newest releases that pyproject.toml allows, with hashes, in both requirements files.
lock: .venv/bin/python
	@$(PY) -m pip install --quiet uv==0.13.9
	@$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header pyproject.toml -o requirements.txt
	@$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header --group test -c requirements.txt -o tests/requirements.txt

# Takes away what can be made again; the database and the secret key stay.
clean:
	@rm -rf .venv var/static var/.static var/benchmarks var/lighthouse var/validity var/coverage mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
