"""Judges import ahead what the check pages of their course import, and nothing that these do not use."""

import json
import subprocess
import sys
from pathlib import Path

import autograder.authoring
from autograder.grading.ahead import imported_ahead, pages_that_come_along, warm_ups

STARTERS = Path(autograder.authoring.__path__[0]) / "starters"
PROGRAM = """
import importlib, json, sys
modules, called = json.loads(sys.argv[1])
for name in modules:
    importlib.import_module(name)
for name in called:
    module, _, function = name.partition(":")
    getattr(importlib.import_module(module), function)()
from pathlib import Path
from autograder.authoring.pages import checks_of
assert checks_of(tuple(map(Path, sys.argv[2:])))
print(json.dumps([name for name in ("keras", "tensorflow", "sklearn") if name in sys.modules]))
"""


def pages_of(kind):
    return sorted((STARTERS / kind / "checks").rglob("*.py"))


def test_the_judge_of_a_course_without_keras_loads_none():
    modules = imported_ahead(pages_of("tables"))
    asked = json.dumps([modules, warm_ups(modules)])
    pages = [str(page) for page in pages_of("tables") if not page.name.startswith("_")]

    ran = subprocess.run([sys.executable, "-c", PROGRAM, asked, *pages], check=False, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == []


def test_a_vocabulary_is_warmed_up_where_pages_import_it():
    modules = imported_ahead(pages_of("keras"))
    assert "autograder.kerasmodels.models" in modules
    assert "autograder.kerasmodels.warm_up:main" in warm_ups(modules)


def test_what_lies_beside_the_pages_of_the_engine_is_imported_once_and_pages_are_not():
    modules = imported_ahead(pages_that_come_along())
    assert any(name.rpartition(".")[2].startswith("_") for name in modules)
    pages = {f"autograder.checks.{page.parent.name}.{page.stem}" for page in pages_that_come_along()}
    assert not [name for name in modules if name in pages and not name.rpartition(".")[2].startswith("_")]
