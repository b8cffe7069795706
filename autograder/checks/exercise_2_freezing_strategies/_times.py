"""Whether the times in a table are those of trainings that were seen."""

from collections.abc import Callable, Mapping, Sequence

from autograder.judge.checking import fail
from autograder.kerasmodels.watching import Training

MORE, LESS, SECONDS_MORE, SECONDS_LESS = 1.1, 0.9, 0.3, 0.15
"""By so much a time may be off: who rounds it, has compiled the model meanwhile, or whose clock is in a callback."""
SAME_SHARE = 0.003
"""Below one of the validation images."""


def expect_times_measured(columns: Mapping[str, Sequence[float]], trainings: Sequence[Training]) -> None:
    """Expect that the times in a table are those of trainings, each of another one, and of the one its row speaks of.

    Args:
        columns: Of the table: "fraction", "seconds" and "val_accuracy".
        trainings: Those that may have been meant.

    Raises:
        Failed: A time is that of no training, or surely that of another row's.
    """
    rows = list(zip(columns["fraction"], columns["seconds"], columns["val_accuracy"], strict=True))
    for fraction, seconds, _ in rows:
        if not any(_took(found, seconds) for found in trainings):
            shown = ", ".join(f"{found.seconds:.2f}" for found in trainings[-len(rows) :])
            came = f"`table` says {seconds:.3g} seconds for {fraction:g}, which no `fit` of the notebook took"
            fail(f"{came}; the last ones took {shown}", _WANTED)
    if not _each_another(rows, trainings, lambda row, found: _took(found, row[1])):
        told = ", ".join(f"{seconds:.3g}" for _, seconds, _ in rows)
        fail(f"`table` says {told} seconds, which are not the times of {len(rows)} trainings of the notebook", _WANTED)
    if _each_another(rows, trainings, _reached) and not _each_another(rows, trainings, _took_and_reached):
        wrong = next((row for row in rows if not any(_took_and_reached(row, found) for found in trainings)), rows[0])
        fraction, seconds, accuracy = wrong
        took = next(found.seconds for found in trainings if _reached(wrong, found))
        came = f"`table` says {seconds:.3g} seconds for {fraction:g}"
        fail(f"{came}, and the `fit` that reached {accuracy:.3f} took {took:.2f}", _WANTED)


Row = tuple[float, float, float]
_WANTED = "in each row the time of its own second `fit`, as the clock has shown it"


def _took(found: Training, seconds: float) -> bool:
    """Whether a clock around a training, or around its epochs, may have shown so many seconds."""
    inner = sum(whole for _, whole, _ in found.epoch_seconds) or found.seconds
    return LESS * min(found.seconds, inner) - SECONDS_LESS <= seconds <= MORE * found.outer_seconds + SECONDS_MORE


def _reached(row: Row, found: Training) -> bool:
    """Whether a row may have its accuracy from the last epoch of a training, or from elsewhere."""
    return all(abs(row[2] - last) < SAME_SHARE for last in found.val_accuracy[-1:])


def _took_and_reached(row: Row, found: Training) -> bool:
    return _reached(row, found) and _took(found, row[1])


def _each_another(rows: Sequence[Row], trainings: Sequence[Training], fits: Callable[[Row, Training], bool]) -> bool:
    """Whether each row can have a training of its own that fits it."""
    row_of: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for other, found in enumerate(trainings):
            if other not in tried and fits(rows[number], found):
                tried.add(other)
                if other not in row_of or place(row_of[other], tried):
                    row_of[other] = number
                    return True
        return False

    return all(place(number, set()) for number in range(len(rows)))
