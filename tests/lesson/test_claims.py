"""What the texts claim is what was recorded: `python -m benchmarks.claims record`. Under 1 s, without Keras."""

import ast
import re
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.claims_page import HEADING, section
from transferlab import recorded_accuracies
from transferlab.recorded import recorded

LESSON, EXERCISE_2 = "lesson_transfer_learning", "exercise_2_freezing_strategies"
EXERCISE_1 = "exercise_1_two_classes"
RATES, PHOTOS = "rates sketches mini_vgg", "rates cifar10 mobilenet_0.75@96"
PAIR = "exercise 1 cifar10 mobilenet_0.75@96"
SEEDS = {RATES: 10, PHOTOS: 10, PAIR: 10, "fractions": 10, "curve": 10, "sources": 10, "tracing": 1}
"""What is recorded; the command goes on where it was broken off, and more never hurts."""


def values(part: str, name: str) -> np.ndarray:
    return np.array(recorded_accuracies(part)[name])


def lead(part: str, one: str, other: str) -> np.ndarray:
    """Seed by seed: both saw the same images."""
    return values(part, one) - values(part, other)


def clearly(differences: np.ndarray) -> bool:
    """More than three standard errors above zero, and in nearly every run."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() > 3 * error and np.mean(differences > 0) >= 0.9)


def no_finding(differences: np.ndarray) -> bool:
    """Within three standard deviations of one run: who does it once cannot know."""
    return bool(abs(differences.mean()) < 3 * differences.std(ddof=1))


# A sentence of a text, and what has to hold in the record for it to stand there.
CLAIMS: list[tuple[str, str, Callable[[], bool]]] = [
    (
        LESSON,
        "the same architecture with random ones gives the head little to work with",
        lambda: clearly(lead("curve", "frozen 100", "random 100")),
    ),
    (LESSON, "but knowing its own source well is not enough", lambda: bool(
        values("sources", "textures, its own images").min() > 0.85
        and clearly(lead("sources", "emblems", "textures"))
        and values("sources", "textures").max() < 0.25
    )),
    (LESSON, "With more images the baseline catches up", lambda: clearly(
        lead("curve", "frozen 10", "scratch 10") - lead("curve", "frozen 400", "scratch 400")
    )),
    (LESSON, "the head on frozen features gains less and less", lambda: clearly(
        lead("curve", "frozen 100", "frozen 10") - lead("curve", "frozen 400", "frozen 100")
    )),
    (LESSON, "Well above guessing, well below useful", lambda: bool(
        values("curve", "scratch 100").min() > 0.2 and values("curve", "scratch 100").max() < 0.6
    )),
    (LESSON, "less than the step from scratch to frozen features", lambda: bool(
        lead(RATES, "3e-04", "frozen").mean() < lead("curve", "frozen 100", "scratch 100").mean()
    )),
    (LESSON, "some of a second stage's gain is just more epochs for the head", lambda: clearly(
        lead(RATES, "frozen, as long", "frozen")
    )),
    (LESSON, "The smallest rate moves next to nothing in so few steps", lambda: bool(
        abs(lead(RATES, "1e-05", "frozen").mean()) < 0.01
    )),
    (LESSON, "The best of the five is the head's own rate", lambda: all(
        clearly(lead(RATES, "1e-03", other)) for other in ("1e-05", "1e-04", "3e-04", "1e-02")
    )),
    (LESSON, "ten times that gives most of the gain away again", lambda: bool(
        lead(RATES, "1e-03", "1e-02").mean() > 0.5 * lead(RATES, "1e-03", "frozen, as long").mean()
    )),
    (LESSON, "the head's own rate ruins what was learned", lambda: bool(
        lead(PHOTOS, "frozen, as long", "1e-03").min() > 0.02
        and lead(PHOTOS, "frozen, as long", "1e-03").mean() > 0.1
    )),
    (LESSON, "a third of it still loses to the control", lambda: clearly(lead(PHOTOS, "frozen, as long", "3e-04"))),
    (LESSON, "3e-5 keeps what the control has, and in so few steps adds next to nothing", lambda: bool(
        abs(lead(PHOTOS, "3e-05", "frozen, as long").mean()) < 0.01
    )),
    (EXERCISE_1, "it is 3e-5, which gains there in most of ten draws", lambda: clearly(lead(PAIR, "3e-05", "frozen"))),
    (EXERCISE_1, "while 3e-4 loses in most", lambda: bool(np.mean(lead(PAIR, "3e-04", "frozen") < 0) >= 0.75)),
    (EXERCISE_2, "a quarter gains between two and three points on the head alone", lambda: all(
        clearly(gain) and 0.02 < gain.mean() < 0.03
        for gain in (lead("fractions", f"{kind} 0.25", f"{kind} 0.0") for kind in ("validation", "test"))
    )),
    (EXERCISE_2, "half and all add nothing to that", lambda: not any(
        clearly(lead("fractions", f"{kind} {fraction}", f"{kind} 0.25"))
        for kind in ("validation", "test") for fraction in (0.5, 1.0)
    )),
    (EXERCISE_2, "no gain is as large as three standard deviations of one run", lambda: all(
        no_finding(lead("fractions", f"{kind} {fraction}", f"{kind} 0.0"))
        for kind in ("validation", "test") for fraction in (0.25, 0.5, 1.0)
    )),
    (EXERCISE_2, "later epochs, which take far less than the first", lambda: all(
        (values("tracing", f"first epoch {f}") / values("tracing", f"second epoch {f}")).min() > 4
        for f in (0.0, 0.25, 0.5, 1.0)
    )),
    (EXERCISE_2, "the same order shows in later epochs", lambda: bool(np.all(np.diff(
        [values("tracing", f"second epoch {fraction}").mean() for fraction in (0.0, 0.25, 0.5, 1.0)]
    ) > 0))),
]  # fmt: skip


def prose(project_root, name: str) -> str:
    """A text as one line, without what makes it a comment or breaks its lines."""
    text = (project_root / "source" / f"{name}.py").read_text()
    return re.sub(r'"?\s*\n\s*(?:f?"|# (?:> )?|#$)?\s*', " ", text, flags=re.MULTILINE)


@pytest.mark.parametrize(("text", "sentence", "holds"), CLAIMS, ids=[sentence[:40] for _, sentence, _ in CLAIMS])
def test_a_claim_stands_in_the_text_and_holds_in_the_record(project_root, text, sentence, holds):
    assert sentence in prose(project_root, text), "the sentence has changed: change it here too, with what it claims"
    assert holds()


@pytest.mark.parametrize("part", SEEDS)
def test_claims_rest_on_seeds_and_a_date(part):
    entry = recorded()[part]
    assert len(entry["seeds"]) >= SEEDS[part]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry["date"])
    if part != "tracing":
        assert all(0 <= value <= 1 for seed in entry["seeds"].values() for value in seed.values())


def test_the_page_is_what_is_recorded(project_root):
    page = (project_root / "docs" / "results.md").read_text()
    assert page.endswith("\n" + section())
    assert page.count(HEADING) == 1


def functions(text: str) -> dict[str, str]:
    """Each function by name, without its docstring and annotations."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            node.returns, node.body = None, node.body[ast.get_docstring(node) is not None :]
            for argument in node.args.args:
                argument.annotation = None
            found[node.name] = ast.unparse(node)
    return found


def test_the_recording_trains_what_the_lesson_trains(project_root):
    lesson = (project_root / "source" / f"{LESSON}.py").read_text()
    recording = (project_root / "benchmarks" / "claims.py").read_text()
    ours, theirs = functions(recording), functions(lesson.replace(", seed=dropout_seed", ""))
    plain = {"COURSE.input_shape": "(32, 32, 3)", ", dropout_seed=None": ""}
    for name in ("small_network", "new_head"):
        expected = theirs[name]
        for old, new in plain.items():
            expected = expected.replace(old, new)
        assert ours[name] == expected
    settings = "(30, 8, 4)"  # epochs from scratch, of the head, of the second stage
    assert f"(12, 4, 2) if FAST else {settings}" in lesson
    assert "EPOCHS_AT_LEAST = 300, 1200, 30" in recording
    assert "HEAD_EPOCHS, TUNING_EPOCHS, BATCH_SIZE = 1e-3, 8, 4, 32" in recording


def test_the_teachers_page_names_sections_and_checks_that_exist(project_root):
    page = (project_root / "docs" / "teaching.md").read_text()
    sources = {path.stem: path.read_text() for path in (project_root / "source").glob("*.py")}
    cells = {cell for text in sources.values() for cell in re.findall(r'"grade_id": "(\w+)"', text)}
    named = set(re.findall(r"`(check_\w+|reflection)`", page))
    assert len(named) > 12
    assert named <= cells
    sections = {int(number) for number in re.findall(r"^# ## (\d+) ", sources[LESSON], re.MULTILINE)}
    minutes = {int(number) for number in re.findall(r"^\| (\d+) [a-z]", page, re.MULTILINE)}
    assert minutes == sections - {13, 14, 15}
