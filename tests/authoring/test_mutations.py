"""Mutations: each kind of slip is made wherever it can be, and what is made is other code that compiles."""

from pathlib import Path

import pytest

from autograder.authoring import mutations as mutations_package
from autograder.authoring.mutations import OPERATORS, mutations

CODE = '''
def keep(values, least, *, strict=True):
    """Keep values; "not" and 3 in here are prose."""
    if least < 0 and strict:
        raise ValueError(f"no {least}")
    chosen = sorted(values, reverse=True)[1:]
    best = max(chosen)
    return [value for value in chosen if value >= least], best
'''


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("drop a statement", "pass"),
        ("another comparison", "if least <= 0 and strict:"),
        ("another comparison", "return [value for value in chosen if value > least], best"),
        ("and for or", "if least < 0 or strict:"),
        ("forget one of two conditions", "if strict:"),
        ("forget a condition's block", "chosen = sorted(values, reverse=True)[1:]"),
        ("off by one", "if least < 1 and strict:"),
        ("the other flag", "def keep(values, least, *, strict=False):"),
        ("drop a keyword argument", "chosen = sorted(values, )[1:]"),
        ("forget where a slice begins", "chosen = sorted(values, reverse=True)[:]"),
        ("min for max", "best = min(chosen)"),
        ("forget a filter", "return [value for value in chosen], best"),
        ("swap two statements", "best = max(chosen)"),
        ("return in another order", "return best, [value for value in chosen if value >= least]"),
    ],
)
def test_a_slip_of_each_kind_is_made(what, line):
    assert line in {found.after for found in mutations(CODE) if found.what == what}


def test_each_mutant_is_other_code_that_compiles_and_says_where():
    found = mutations(CODE)
    assert len({mutation.code for mutation in found}) == len(found) > 20
    for mutation in found:
        assert mutation.code != CODE
        compile(mutation.code, "<mutant>", "exec")
        assert CODE.splitlines()[mutation.line - 1].strip() == mutation.before


def test_what_runs_alike_is_no_mutant():
    found = mutations(
        'def tell():\n    """Tell it."""\n    total = 1\n    print(total)\n    total += 2\n    return total\n'
    )
    assert any(mutation.what == "swap two statements" for mutation in found)
    assert not any("Tell it" in mutation.before for mutation in found)


def test_prose_is_left_alone():
    assert all('"not" and 3 in here' in mutation.code for mutation in mutations(CODE))
    assert all('f"no {least}"' in mutation.code or "raise" not in mutation.code for mutation in mutations(CODE))


@pytest.mark.parametrize("name", OPERATORS)
def test_each_operator_makes_its_example(name):
    code, mutant = OPERATORS[name].example
    assert mutant in {found.code for found in mutations(code, {name: OPERATORS[name]})}


def test_each_operator_has_a_file_of_its_own():
    files = {path.stem for path in Path(mutations_package.__file__).parent.glob("*.py")}
    assert files - {"__init__", "making", "operator"} == set(OPERATORS)
