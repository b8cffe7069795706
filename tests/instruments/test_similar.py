"""Copies in disguise are found, independent right solutions are not, and what the class shares counts little."""

import ast
import json
import random
import re
import shlex
import shutil
from itertools import combinations

import jupytext
import nbformat
import pytest
import sample_course
from nbformat.v4 import new_code_cell
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.course import Course
from autograder.course.exercise import grade_id_of, is_answer
from autograder.course.notebooks import prepare, read_notebook
from autograder.course.own_code import own_cells
from autograder.instruments.likeness import CELL_SHARE, WHOLE_SHARE, ClassWork, Written
from autograder.instruments.similar import Similar, similar_page
from autograder.instruments.winnowing import winnow

INDEPENDENT = {
    "exercise_1_two_classes": ("flat_pandas_seaborn", "functional_loops", "sequential_augmented", "tf_data"),
    "exercise_2_freezing_strategies": ("flat_clones", "loops_and_dictionaries", "sequential_columns"),
    "exercise_3_comparing_models": ("columns_numpy", "functional_style", "pandas_flat_seaborn", "plain_python"),
}
"""Right ones that answer every task anew; the others of the golden set keep answers of the reference."""


class Disguise(ast.NodeTransformer):
    """Renames variables and changes numbers; what is unparsed has lost its comments and its layout."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_Constant(self, node):
        is_number = isinstance(node.value, int) and not isinstance(node.value, bool)
        return ast.Constant(node.value + 1) if is_number and node.value > 2 else node


def disguised(notebook, exercise):
    """A copy with other variables, numbers and layout, without marks, its cells in another order."""
    copy = nbformat.reads(notebook.decode(), as_version=4)
    answers = [cell for cell in copy.cells if cell.cell_type == "code" and is_answer(cell)]
    trees = [ast.parse(cell.source) for cell in answers]
    stored = {
        node.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    names = {name: f"thing_{number}" for number, name in enumerate(sorted(stored))}
    for cell, tree in zip(answers, trees, strict=True):
        cell.source, cell.metadata = ast.unparse(Disguise(names).visit(tree)), nbformat.NotebookNode()
    random.Random(3).shuffle(answers)
    kept = [cell for cell in copy.cells if cell not in answers]
    copy.cells = [*kept, *answers]
    return nbformat.writes(copy).encode()


def answered(exercise, answers):
    """The instructor's notebook with other answers."""
    notebook = nbformat.reads(exercise.source.decode(), as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(grade_id_of(cell), cell.source)
    return nbformat.writes(notebook).encode()


def right_ones(project_root, exercise):
    """Whole notebooks no two of which share an answer."""
    found = {}
    for name in INDEPENDENT[exercise.name]:
        texts = texts_of(project_root / "tests" / "submissions" / exercise.name / f"right_{name}" / "submission.py")
        found[name] = answered(exercise, {cell: written[0] for cell, written in texts.items()})
    texts = texts_of(project_root / "tests" / "right_answers" / f"{exercise.name}.py")
    for number in range(min(map(len, texts.values()))):
        found[f"mixed_{number}"] = answered(exercise, {cell: written[number] for cell, written in texts.items()})
    return found


def texts_of(path):
    texts = {}
    for cell in jupytext.read(path, fmt="py:percent").cells:
        if name := cell.metadata.get("title"):
            texts.setdefault(name, []).append(cell.source)
    return texts


def written(student, notebook, exercise):
    return Written(student, tuple(own_cells(prepare(read_notebook(notebook), exercise).notebook.cells, exercise)))


@pytest.mark.parametrize("name", INDEPENDENT)
def test_a_disguised_copy_is_found_and_independent_right_solutions_are_not(project_root, name):
    exercise = Course.load(project_root).exercises[name]
    right = right_ones(project_root, exercise)
    works = [written(student, notebook, exercise) for student, notebook in right.items()]
    reference = own_cells(exercise.notebook.cells, exercise)

    apart = ClassWork(works, reference).compare(name, 0)
    assert apart.pairs == ()
    assert len(apart.shares) == len(list(combinations(works, 2)))
    assert apart.shares[-1] < 0.25, "docs/similar-work.md says so"

    copied = next(iter(right))
    found = ClassWork([*works, written("copy", disguised(right[copied], exercise), exercise)], reference)
    (pair,) = found.compare(name, 1).pairs
    assert {pair.first, pair.second} == {copied, "copy"}
    assert pair.share > 0.65, "docs/similar-work.md says so"
    assert pair.have_it_too == 0
    assert pair.elsewhere < 0.25


def test_one_copied_task_is_found(project_root):
    exercise = Course.load(project_root).exercises["exercise_3_comparing_models"]
    right = right_ones(project_root, exercise)
    taken = nbformat.reads(disguised(right["functional_style"], exercise).decode(), as_version=4)
    (profile,) = [cell.source for cell in taken.cells if "def profile_backbone" in cell.source]
    own = nbformat.reads(right["plain_python"].decode(), as_version=4)
    next(cell for cell in own.cells if grade_id_of(cell) == "profile_backbone").source = profile
    works = [written(student, notebook, exercise) for student, notebook in right.items()]
    works[3] = written("plain_python", nbformat.writes(own).encode(), exercise)

    (pair,) = ClassWork(works).compare("", 1).pairs
    assert {pair.first, pair.second} == {"functional_style", "plain_python"}
    assert pair.share < WHOLE_SHARE
    assert pair.cell_share > CELL_SHARE
    marked = "".join(line.text for passage in pair.passages for lines in passage.first for line in lines if line.mark)
    assert "perf_counter" in marked


def test_what_much_of_the_class_wrote_counts_little(project_root):
    exercise = Course.load(project_root).exercises["exercise_1_two_classes"]
    usual, other, third = (
        written(name, notebook, exercise) for name, notebook in list(right_ones(project_root, exercise).items())[:3]
    )
    everybody = [Written(f"usual_{number}", usual.cells) for number in range(30)]
    pair_of_copies = [Written("first", other.cells), Written("second", other.cells)]

    found = ClassWork([*everybody, *pair_of_copies, third]).compare("", 1)
    assert [(pair.first, pair.second) for pair in found.pairs] == [("first", "second")]
    assert found.groups == ()
    earlier = [Written(f"last_{work.student}", work.cells, is_earlier=True) for work in pair_of_copies]
    again = ClassWork([*earlier, Written("third", third.cells), Written("first", other.cells)]).compare("", 0)
    assert [(pair.first, pair.second) for pair in again.pairs] == [("last_first", "first"), ("last_second", "first")]
    few = ClassWork([*everybody[:5], *pair_of_copies, third]).compare("", 0)
    assert [len(group) for group in few.groups] == [5], "five of eight are a group, not a custom"


def words(*cells):
    exercise = Course.load(sample_course_root).exercises[sample_course.SLUG]
    notebook = sample_course.submission(cells[0])
    notebook.cells += [new_code_cell(text) for text in cells[1:]]
    found = own_cells(prepare(read_notebook(json.dumps(notebook).encode()), exercise).notebook.cells, exercise)
    return [" ".join(cell.words) for cell in found]


sample_course_root = None


@pytest.fixture(autouse=True)
def _small_course(root):
    global sample_course_root  # noqa: PLW0603 - `words` is called as a plain function
    sample_course_root = root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(3)", "total = f(4)  # a comment"),
        ("import numpy as np\na = np.zeros(3)", "import numpy as nn\nb = nn.zeros(4)"),
        ("from keras import layers as L\nx = L.Dense(2)", "from keras import layers\nx = layers.Dense(3)"),
        ("def g(a: int) -> int:\n    '''Text.'''\n    return a", "def h(b):\n    return b"),
        ("x = 'a' 'b'", 'x = f"{1 + 2} c"'),
        ("%matplotlib inline\nx = 1;", "x = (\n    1\n)".replace("(\n    ", "").replace("\n)", "")),
        ("epochs = 3\nm.fit(epochs=epochs)", "n = 3\nm.fit(epochs=n)"),
        ("größe = 1; x: 'Größe' = f(größe, k=2)", "n = 1\nx = f(n, k=2)"),
        ("def double(number):\n    return 3 * number", "def double(number):\n    return 4 * number"),
        ("class A:\n    def go(self):\n        self.n = 1", "class B:\n    def run(me):\n        me.n = 1"),
    ],
)
def test_what_a_copy_changes_without_thinking_makes_no_difference(one, other):
    if "self.n" in one:  # a method's first argument that is called otherwise is not looked through
        other = other.replace("me", "self")
    assert words("y = 1", one)[1:] == words("y = 1", other)[1:] != []


def test_released_code_imports_and_words_are_left_out_and_broken_lines_hide_nothing():
    assert words("def double(number):\n    return 3 * number", "import math", "'''text'''", "# x") == [
        "return 0 * name",
        "name = 0",
    ]
    assert words("y = 1", "total = f(3)\0\nfor in:\ntotal = g(total)\n\u202e")[2] == "name = f ( 0 ) name = g ( name )"
    assert words("y = 1", "(" * 30 + "\n)(" * 30)[2].startswith("( (")


def test_winnowing_is_that_of_its_authors():
    """Figure 2 of Schleimer, Wilkerson and Aiken (2003): 5-grams of `adorunrunrunadorunrun`, window 4."""
    given = [77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98]
    assert [given[place] for place in winnow(given, 4)] == [17, 17, 8, 39, 17]
    assert winnow([], 4) == []
    assert winnow([5, 3], 4) == [1]


LONG = """
def double(number):
    found = []
    for step in range(10):
        if step % 2 and step not in found:
            found.append(step ** 2 + len(found))
        else:
            found.extend(sorted(str(step), key=lambda one: -ord(one)))
    while len(found) > 3:
        found.pop(max(range(len(found)), key=lambda place: len(str(found[place]))))
    return sum(bool(one) for one in found) * number or 2 * number  # <script>alert(1)</script>
"""


@pytest.fixture
def copied(root):
    """Ada wrote, ben copied, cleo wrote herself, dora's file is no notebook."""
    sample_course.hand_in(root, "ada", sample_course.submission(LONG))
    renamed = re.sub(r"\bfound\b", "kept", LONG).replace("step", "n")
    sample_course.hand_in(root, "ben", sample_course.submission(renamed + "\u202e"))
    own = "def double(number):\n    return [[n - 1, n ^ 2, {n: n}] for n in (1, 2)]\n" + "number -= number\n" * 20
    sample_course.hand_in(root, "cleo", sample_course.submission(own))
    sample_course.hand_in(root, "dora", "{")
    shutil.copytree(root, root / "last_term", ignore=shutil.ignore_patterns("last_term", "ben", "cleo"))
    (root / "last_term" / "submitted" / "ada").rename(root / "last_term" / "submitted" / "alba")
    return root


def test_the_commands_of_the_guide_find_the_copy_and_name_nobody_unasked(copied, monkeypatch, project_root):
    guide = (project_root / "docs" / "similar-work.md").read_text(encoding="utf-8")
    lines = [line.partition("#")[0] for line in guide.splitlines() if line.startswith("autograder ")]
    monkeypatch.chdir(copied)
    page = copied / "similar_homework.html"
    ran = {}
    for line in lines:
        page.unlink(missing_ok=True)
        result = CliRunner().invoke(app, shlex.split(line.replace("transfer_learning", "homework"))[1:])
        assert result.exit_code == 0, result.output
        is_private = not page.exists() or page.stat().st_mode & 0o777 == 0o600
        assert is_private
        ran[line.strip()] = (result.stdout, page.read_text("utf-8") if page.exists() else "")

    said, shown = ran["autograder similar transfer_learning"]
    assert "4 students, 1 pair alike" in said
    assert "default-src 'none'" in shown
    assert not re.search(r"<script|https?://|\u202e|\bada\b|\bben\b", shown)
    assert "&lt;script&gt;" in shown
    assert "\\u202e" in shown
    assert "ada and ben" in ran["autograder similar transfer_learning --names"][1]
    assert ran["autograder similar transfer_learning --also last_term"][0].startswith("homework: 4 students, 3 pairs")
    found = json.loads(ran["autograder similar transfer_learning --json"][0])
    (pair,) = found["exercises"][0]["pairs"]
    assert pair["share"] > 0.9
    assert re.fullmatch(r"student \d", pair["students"][0])
    assert "not valid JSON" in found["not_compared"][0]["why"]


def test_a_class_of_nobody_has_a_page(root):
    empty = Similar("homework", 0, [ClassWork([]).compare("doubling", 3)])
    assert "nothing to say" in similar_page(empty, with_names=True)
    ran = CliRunner().invoke(app, ["similar", "homewerk", "--course", str(root)])
    assert ran.exit_code == 2
    assert "There is no assignment 'homewerk'" in ran.stderr
