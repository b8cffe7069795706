"""Examples in docstrings are run."""

import doctest
import importlib

import pytest


def test_examples_in_docstrings_give_what_they_say(project_root):
    modules = [
        path.relative_to(project_root).with_suffix("")
        for package in ("autograder", "transferlab")
        for path in sorted((project_root / package).rglob("*.py"))
        if ">>> " in path.read_text()
    ]
    if not modules:
        pytest.skip("no docstring holds an example yet")
    for module in modules:
        found = importlib.import_module(".".join(module.parts).removesuffix(".__init__"))
        assert doctest.testmod(found).failed == 0, module
