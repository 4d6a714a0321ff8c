# Everything a newcomer needs: `make run` and `make test`. Each sets the clone up first.

PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv --no-config pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header
QUICK := not browser and not long

.PHONY: setup run test check screenshots sentences tree lock clean

setup:            ## prepare .venv, the system's packages and the style sheets
	@$(PYTHON) -m setup

run: setup        ## the office and a device, with a fictional council
	@$(BIN)/fieldfare run

test: setup       ## every test but the long runs
	$(BIN)/pytest -n 2 -m "$(QUICK)"
	$(BIN)/pytest -n 2 -m "browser and not long" || test $$? -eq 5

check: setup      ## form, types, boundaries and templates, and that each planted fault still fits
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet server shared field_client
	$(BIN)/deptry .
	$(BIN)/pytest -q tests/test_structure.py
	$(BIN)/pytest -q tests/simulation/test_mutants.py -k applies

screenshots: setup  ## pictures of every page for every role, and what axe finds on them
	$(BIN)/python -m tests.e2e.screenshots

sentences: setup  ## write every sentence people read into the catalogue's list, and Welsh's
	$(BIN)/pybabel --quiet extract -F shared/ui/babel.cfg -k mark -k count:1,2 --no-location \
		--sort-output --omit-header -o shared/ui/translations/fieldfare.pot \
		shared sync server field_client
	$(BIN)/pybabel --quiet update -N -i shared/ui/translations/fieldfare.pot \
		-d shared/ui/translations -D fieldfare

tree: setup       ## write docs/tree.md from the first line of each file
	@$(BIN)/python -m tests.tree

lock: setup       ## take the newest versions that pyproject.toml and package.json allow
	$(LOCK) requirements/installer.in -o requirements/installer.txt
	$(LOCK) requirements/node.in -o requirements/node.txt
	$(LOCK) --all-extras pyproject.toml requirements/installer.in -o requirements/development.txt
	npm update --package-lock-only --loglevel=error

clean:            ## forget what the set-up and the tools made; data stays
	rm -rf .venv node_modules shared/ui/static/built build screenshots fieldfare.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
