"""Images that all kernels, or all judges, of an exercise load are drawn by the process they are forked from."""

from dataclasses import replace

import nbformat
from nbformat.v4 import new_code_cell

from autograder.grading.engine import EngineSettings, WarmEngine
from tests.worker.conftest import Make


def test_images_of_the_exercise_are_drawn_once_for_all_kernels_and_judges(exercise: Make) -> None:
    count = "from transferlab.drawing import kept\nprint(len(kept._chunks))\n"
    draw = 'import transferlab\ntransferlab.load_images("sketches", "train", per_class=3, seed=9);'
    page = """
    import transferlab
    from transferlab.drawing import kept

    @check("check_double", points=1)
    def doubles(submission):
        '''`double` doubles.'''
        before = len(kept._chunks)
        transferlab.load_images("sketches", "hidden", classes=["sun"], per_class=3, seed=before)
        fail(f"{before} kept")
    """
    made = exercise(page, {"double": "pass"})
    given = nbformat.reads(made.source.decode(), as_version=4)
    given.cells.insert(0, new_code_cell(f"{count}{draw}"))
    made = replace(made, source=nbformat.writes(given).encode())

    with WarmEngine(EngineSettings(slots=1)) as engine:
        graded = [engine.grade(made.source, {}, made, b"a secret") for _ in range(3)]

    executed = [nbformat.reads(one.notebook.decode(), as_version=4) for one in graded]
    assert [one.cells[0].outputs[0].text for one in executed] == ["10\n"] * 3
    said = [next(iter(one.verdict.checks())).message for one in graded]
    assert said == ["0 kept.", "1 kept.", "2 kept."]
