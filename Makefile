# The two commands of the README are `make demo` and `make test`; the rest are their parts.

PYTHON ?= python3
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test check setup release student-zip format lock clean

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 21

demo: setup ## Grade a sample class in demo/ and show the grades
	@.venv/grader/bin/autograder demo

test: setup ## Check everything and run all tests
	@scripts/system-packages --tests
	@scripts/check
	@scripts/test

check: setup ## Lint, format, types, rooms, docstrings, notebooks and release up to date
	@scripts/check

setup: ## Make or update the two environments in .venv
	@scripts/system-packages
	@scripts/setup

release: setup ## Write notebooks and release/ from the texts in source/; the students' wheel lies in dist/
	@scripts/build

student-zip: setup ## Pack notebooks, README, requirements and wheel for students into one zip in dist/
	@scripts/build --student-zip

format: setup ## Format the code, and mend what can be mended by itself
	@.venv/grader/bin/ruff check --quiet --fix . || true
	@.venv/grader/bin/ruff format .

lock: ## Resolve the version ranges anew into requirements/
	@$(PYTHON) scripts/lock

clean: ## Remove environments, caches, wheel and demo; keeps everything git knows and every course file
	rm -rf .venv dist demo .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
