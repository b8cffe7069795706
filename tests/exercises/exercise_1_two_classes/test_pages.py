"""What the hidden checks take for granted."""

import nbformat

from autograder.checks.exercise_1_two_classes import training as page


def test_the_pages_judge_the_notebooks_own_images_and_settings(source_notebook):
    cells = nbformat.reads(source_notebook("exercise_1_two_classes").decode(), as_version=4).cells
    locked = "\n".join(cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("locked"))
    for split, (count, seed) in page.GIVEN.items():
        assert f'load_images( DATA_SOURCE, "{split}", classes=COURSE.pair, per_class={count}, seed={seed} )' in (
            " ".join(locked.split())
        )
    settings = ("BATCH_SIZE", "BASELINE_EPOCHS", "FEATURE_EPOCHS", "FINE_TUNING_EPOCHS", "UNFROZEN_LAYERS")
    for name in settings:
        assert f"\n{name} = {getattr(page, name)}" in locked
    assert "\nFINE_TUNING_RATE = COURSE.fine_tuning_rate " in locked
