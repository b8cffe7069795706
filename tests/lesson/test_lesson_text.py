"""The lesson keeps what it promises: objectives, links, descriptions, and no number that nobody measured. Under 1 s."""

import ast
import re

import nbformat
import pytest

from autograder.build.layout import UNGRADED, find_units
from autograder.build.leaks import telling_lines

LESSON = "lesson_transfer_learning"


@pytest.fixture(scope="module")
def lesson(project_root):
    return nbformat.read(project_root / "release" / "lesson" / f"{LESSON}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def prose(lesson):
    return [cell.source for cell in lesson.cells if cell.cell_type == "markdown"]


@pytest.fixture(scope="module")
def code(lesson):
    return [cell.source for cell in lesson.cells if cell.cell_type == "code"]


def test_the_top_says_what_to_expect(prose):
    for word in ("**Difficulty**", "**Time**", "**You need**", "modules 05, 07 and 09", "module 11"):
        assert word in prose[0]


def test_every_objective_is_answered_by_a_section_and_by_an_exercise(project_root, prose):
    sections = {int(number) for text in prose for number in re.findall(r"^## (\d+) ", text, re.MULTILINE)}
    rows = [line.split("|")[1:4] for line in prose[0].split("| section | exercise and task |")[1].split("\n")]
    rows = [row for row in rows if len(row) == 3 and "---" not in row[0]]
    assert len(rows) >= 6
    for objective, answered, tried in rows:
        assert {int(number) for number in answered.split(",")} <= sections, objective
        tasks = re.findall(r"(\d): ([^;]+)", tried)
        assert tasks, objective
        for number, names in tasks:
            for text in (project_root / "source").glob(f"exercise_{number}_*.py"):
                missing = [name for name in re.findall(r"`(\w+)`", names) if name not in text.read_text()]
                assert missing == [], f"{objective}: {text.name} has no {missing}"


def test_links_between_notebooks_lead_somewhere(project_root, prose):
    links = [link for text in prose for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    exercises = {re.search(r"exercise_(\d)_", link)[1]: link for link in links}
    assert len(exercises) == len(links) == 3
    for number, link in exercises.items():
        if list((project_root / "source").glob(f"exercise_{number}_*.py")):
            assert (project_root / "release" / "lesson" / link).is_file(), link


def test_numbers_in_the_prose_are_settings_or_have_a_source(prose):
    """Measured shares are printed by cells; prose may quote one only beside the link it comes from."""
    for text in prose:
        for paragraph in text.split("\n\n"):
            if "](https://" not in paragraph:
                assert re.findall(r"\b0\.\d+|\d\s?%", paragraph) == [], paragraph


def test_every_figure_has_a_description_and_a_caption(code):
    calls = [
        node
        for cell in code
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "show"
    ]
    assert len(calls) >= 15
    for call in calls:
        assert {keyword.arg for keyword in call.keywords} >= {"alt", "caption"}, ast.unparse(call)[:80]
    drawn = [cell for cell in code if "transferlab.plot_" in cell]
    assert all("show(" in cell for cell in drawn)


def test_a_question_stands_before_the_results_and_answers_are_folded(prose):
    text = "\n".join(prose)
    assert text.count("**Predict first.**") >= 12
    assert text.count("<details>") == text.count("</details>") >= 8


def test_deeper_sections_are_folded(lesson):
    deeper = [cell for cell in lesson.cells if cell.source.startswith("### Go deeper")]
    assert len(deeper) == 7
    assert all(cell.metadata.get("jp-MarkdownHeadingCollapsed") is True for cell in deeper)


def test_nothing_is_fetched_installed_or_imported_wholesale(code):
    text = "\n".join(code)
    assert not re.search(r"^\s*[!%]|import \*|\bpip\b|download=|https?://(?!github)", text, re.MULTILINE)


def test_no_line_of_an_exercise_s_answer_stands_in_the_lesson(project_root, lesson):
    shown = {re.sub(r"\s+", "", line) for cell in lesson.cells for line in cell.source.split("\n")}
    for unit in find_units(project_root):
        if unit.assignment in UNGRADED:
            continue
        source = nbformat.read(project_root / unit.notebook, as_version=4)
        # a shorter line is one plain call or argument, such as layers.GlobalAveragePooling2D()
        telling = {line for cell in source.cells for line in telling_lines(cell) if len(line) >= 40}
        assert telling
        assert telling & shown == set(), unit.slug


def test_no_line_is_too_long_to_read(project_root):
    """Of no notebook, locked cells and answers included. Tables cannot be broken; a link is as long as it is."""
    notebooks = [path for folder in ("source", "release") for path in (project_root / folder).glob("*/*.ipynb")]
    assert len(notebooks) >= 8
    for path in notebooks:
        lines = [line for cell in nbformat.read(path, as_version=4).cells for line in cell.source.split("\n")]
        breakable = [line for line in lines if not line.startswith("|") and " " in line.strip()]
        assert [line for line in breakable if len(line) > 88] == [], path.name


def test_one_spelling(project_root):
    other = re.compile(r"\blearnt\b|\bgray\b|(?:recogn|summar|special)iz\w+")
    texts = [path.read_text() for path in (project_root / "source").glob("*.py")]
    assert [found for text in texts for found in other.findall(text)] == []


def test_every_notebook_keeps_tensorflow_s_notes_out_of_the_outputs(project_root):
    for path in sorted((project_root / "release").glob("*/*.ipynb")):
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        setting = next(number for number, cell in enumerate(cells) if "TF_CPP_MIN_LOG_LEVEL" in cell)
        imported = next(number for number, cell in enumerate(cells) if re.search(r"^import keras$", cell, re.MULTILINE))
        assert setting <= imported
        assert cells[setting].index("TF_CPP_MIN_LOG_LEVEL") < cells[setting].index("import keras"), path.name


def test_the_families_and_what_feeds_them_are_taught(prose, code):
    text = "\n".join(prose)
    for word in ("VGG", "ResNet", "Inception", "MobileNet", "EfficientNet", "ImageNet"):
        assert f"**{word}**" in text
    for word in ("include_top", "weights=", "input_shape", "pooling=", "preprocess_input"):
        assert f"`{word}" in text
    assert "transferlab.plot_families()" in "\n".join(code)
    assert "transferlab.load_classifier(" in "\n".join(code)


def test_nothing_in_the_lesson_is_graded(lesson):
    assert not any("nbgrader" in cell.metadata for cell in lesson.cells)
