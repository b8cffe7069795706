"""Every sentence that a check fails with, or leaves open, has been looked at: a test holds it, or no notebook gets it.

What pages say is found in their syntax trees, what tests hold in all texts of theirs. So a new sentence needs an input
that brings it about, at which one sees whether it is true and the reason.
"""

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest

from .conftest import EXERCISES

PROJECT = Path(__file__).parents[2]
SAYING = dict.fromkeys(("fail", "Failed", "Named", "undecided", "Undecided", "Refused", "TooLarge"), 0)
SAYING["_expect_backbone"] = 3
"""What is called with a sentence, and which argument it is."""
MAKING = re.compile(r"_?(what|how)_\w+")
"""Names of functions that return one."""
LEAST = 12
"""Characters of a sentence that say which one it is."""

_EVIDENCE = "only looked at: `charge_once` raises the problem that it does not excuse"
_FORGED = "the probe always writes it so that it can be read; only a forged answer is none"
NEVER_READ = {
    "`table` is not what `…` returned": _EVIDENCE,
    "`best_model` is not what `…` returned": _EVIDENCE,
    "`…` was asked for the fractions": _EVIDENCE,
    "`…` was not given the images to": _EVIDENCE,
    "`table` and `best_model` come from two calls of": _EVIDENCE,
    "`…` was called with … epochs": _EVIDENCE,
    "`…` was given a function that does not make": _EVIDENCE,
    "the row of … in `table` is not what": _EVIDENCE,
    "for …, `…` was called with": _EVIDENCE,
    "for …, `…` has trained nothing": _EVIDENCE,
    "for …, `…` was not given the images": _EVIDENCE,
    "row and model of … are of different calls": _EVIDENCE,
    "`table` recommends nothing": _EVIDENCE,
    "the layers of the model could not be read": _FORGED,
    "the model's arrays could not be read after training": _FORGED,
    "what `…` returned in the notebook could not be read": _FORGED,
    "what it trained could not be read": _FORGED,
    "what the notebook trained could not be read": _FORGED,
}
"""Beginnings of sentences that no student reads, and why."""


SAID_ELSEWHERE = {
    "checking.fail": "its callers say it",
    "figure_data.undecided": "its callers say it",
    "figure_data.conclude": "what was found of names, and what its callers say otherwise",
    "measuring._expect_backbone": "its callers say it",
    "models.rebuilt": "what rebuilding refused, or the kernel",
    "wording.what_helps": "a table of errors of libraries, with tests of its own",
}
"""Functions that say what they are given, and why that is enough."""


def parts_of(node):
    """The constant parts of a text that is put together, one list for each way in which it can come out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [[node.value]]
    if isinstance(node, ast.JoinedStr):
        return [[part.value for part in node.values if isinstance(part, ast.Constant)]]
    if isinstance(node, ast.IfExp):
        return parts_of(node.body) + parts_of(node.orelse)
    return []


def sentence_at(node, function):
    """What is said at a node of a function, if anything is."""
    if isinstance(node, ast.Return) and MAKING.fullmatch(function.name):
        return node.value
    place = SAYING.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
    return node.args[place] if place is not None and len(node.args) > place else None


def named_in(nodes):
    """Texts by the names that they are given."""
    named = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).extend(parts_of(node.value))
    return named


def said_at(node, named):
    """All texts that are said at a node, by themselves: also those that a longer one is put together of."""
    if isinstance(node, ast.Name):
        return named.get(node.id, [])
    inner = (part.value for part in getattr(node, "values", ()) if isinstance(part, ast.FormattedValue))
    told = [parts for part in inner if isinstance(part, ast.Name) for parts in named.get(part.id, [])]
    return [parts for parts in parts_of(node) if any(part.strip() for part in parts)] + told


def sentences_of(page):
    """What a page fails with: constant parts of each sentence, and its line."""
    for function in ast.walk(ast.parse(page.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        named = constants() | named_in(ast.walk(function))
        for node in ast.walk(function):
            if said := sentence_at(node, function):
                found = said_at(said, named)
                yield from ((" ".join("…".join(parts).split()), parts, node.lineno) for parts in found)


@functools.cache
def constants():
    """Texts that modules give names to, for their own pages and for others."""
    found = {}
    for page in [*PAGES, *JUDGE]:
        texts = named_in(ast.parse(page.read_text()).body)
        found |= {name: parts for name, parts in texts.items() if name.isupper()}
    return found


@functools.cache
def held():
    """All texts that tests hold something against."""
    texts = []
    for path in sorted((PROJECT / "tests").rglob("*.toml")):
        waiting = [tomllib.loads(path.read_text())]
        while waiting:
            value = waiting.pop()
            waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
            texts += [value] if isinstance(value, str) else []
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        if path != Path(__file__):
            nodes = ast.walk(ast.parse(path.read_text()))
            texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [plain(text) for text in texts if len(text) >= LEAST]


def plain(text):
    return re.sub(r"\\(.)", r"\1", " ".join(text.split())).lower()


def is_held(parts):
    """Whether a test holds one of the constant parts, or enough of it to tell it from others."""
    long = [part for part in map(plain, parts) if len(part) >= LEAST] or [max(map(plain, parts), key=len)]
    return any(part in text or (text in part and 3 * len(text) >= len(part)) for part in long for text in held())


PAGES = sorted((PROJECT / "autograder" / "checks").rglob("*.py"))
JUDGE = [path for room in ("judge", "kerasmodels") for path in sorted((PROJECT / "autograder" / room).glob("*.py"))]


@pytest.mark.parametrize("page", [*PAGES, *JUDGE], ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_sentence_is_held_by_a_test(page):
    open_ones = {
        said: f"{page.relative_to(PROJECT)}:{line}: {said}"
        for said, parts, line in sentences_of(page)
        if not is_held(parts) and not any(said.startswith(known) for known in NEVER_READ)
    }
    assert not open_ones, "no test holds these sentences:\n" + "\n".join(open_ones.values())


def test_what_is_never_read_is_still_said():
    said = [sentence for page in [*PAGES, *JUDGE] for sentence, _, _ in sentences_of(page)]
    assert len(said) > 250
    assert [known for known in NEVER_READ if not any(found.startswith(known) for found in said)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "the model of … in `trained_models` does not hold that backbone",
        "The grader cannot tell what `…` was given for ….",
        "The notebook called `fit` more than … times, and the grader looks at the first ones only.",
        "Asked in its own kernel, the model gave the same images other outputs the second time.",
    ],
)
def test_sentences_are_found_however_they_are_put_together(sentence):
    assert sentence in {said for page in [*PAGES, *JUDGE] for said, _, _ in sentences_of(page)}


def test_nothing_is_said_that_is_not_seen_here():
    """A sentence that comes from elsewhere has been looked for there."""
    unseen = set()
    for page in [*PAGES, *JUDGE]:
        seen = {line for _, _, line in sentences_of(page)}
        for function in (node for node in ast.walk(ast.parse(page.read_text())) if isinstance(node, ast.FunctionDef)):
            said = [node.lineno for node in ast.walk(function) if sentence_at(node, function) is not None]
            unseen |= {f"{page.stem}.{function.name}"} if set(said) - seen else set()
    assert unseen == set(SAID_ELSEWHERE)


OF_LIBRARIES = {
    "ceil",
    "history",
    "inplace",
    "input_shape",
    "non_trainable_weights",
    "replace",
    "sort",
    "sorted",
    "xlabel",
    "ylabel",
    "value_range",
}
MADE_BY_STUDENTS = {"number_of_layers"}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_what_is_named_as_code_is_in_the_notebook_that_students_have(exercise):
    text = (PROJECT / "source" / f"{exercise}.py").read_text()
    released = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.DOTALL)
    known = {*re.findall(r"\w+", released), *OF_LIBRARIES, *MADE_BY_STUDENTS}
    foreign = set()
    for page in (page for page in PAGES if page.parent.name == exercise):
        nodes = list(ast.walk(ast.parse(page.read_text())))
        explained = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts = (node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in explained)
        codes = [code for text in texts if isinstance(text, str) for code in re.findall(r"`([^`]*)`", text)]
        foreign |= {f"{page.name}: {code}" for code in codes if set(re.findall(r"[A-Za-z_]\w+", code)) - known}
    assert not foreign
