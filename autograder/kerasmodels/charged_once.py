"""One mistake costs its points once, and only what is seen to come of that mistake is excused by it.

A cell that uses a student's function of an earlier task may leave something wrong because that function is wrong, which
has cost points where it was judged. But who fails one cheap expectation there must not be given points here for what
was invented, copied or never computed. So an excuse needs evidence: the cell has left what its own function gave it
when it was called as asked, and what the function does was work. Such evidence is noted in the kernel, as everything
live is: a page says with `OWN_CALLS` which functions are watched once they have lost points.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.checking import Failed, Undecided
from autograder.judge.submission import Stopped, Submission
from autograder.judge.wording import brief
from autograder.kerasmodels.noted import digest_of_array, digests_of_images
from autograder.kerasmodels.watching import Training
from autograder.kernels.values import Decoder, Handle, ProtocolError

Array = np.ndarray[Any, Any]
_ROUNDED = (2, 3, 4)
"""Decimals that people round shares to."""


def lost_points(claims: Iterable[Callable[[], object]]) -> bool:
    """Whether one of these claims about an earlier function does not hold; a claim that is undecided costs nothing."""
    for claim in claims:
        try:
            claim()
        except (Failed, Stopped):
            return True
        except Undecided:
            continue
    return False


def charge_once(
    problem: Failed, claims: Iterable[Callable[[], object]], comes_of_it: Callable[[], object], function: str
) -> None:
    """Let a later failure pass if an earlier function has lost points for what it comes of; else let it stand.

    Args:
        problem: What is wrong in the later cell.
        claims: Claims about the earlier function, each of which would explain it if it does not hold.
        comes_of_it: Looks at the evidence that the problem is what the function made of it, and that it has worked:
            raises Failed if it is not, Undecided if that cannot be told.
        function: Its name, for the person who has to look.

    Raises:
        Failed: The problem: no such claim has failed, or it does not come of that.
        Undecided: There is no evidence either way.
    """
    if not lost_points(claims):
        raise problem
    try:
        comes_of_it()
    except (Failed, Stopped) as other:
        raise problem from other
    except Undecided as undecided:
        came = f"{problem.came_back.removesuffix('.')}. `{function}` has lost points in its own task"
        raise Undecided(
            f"{came[:1].upper()}{came[1:]}; whether this is the same mistake, a person has to see. {undecided}"
        ) from undecided


@dataclass(frozen=True)
class OwnCall:
    """One call of a function by the notebook's cells, as its kernel noted it."""

    number: int
    """Of this call, 0 for the first one that was noted."""
    given: tuple[Any, ...]
    """Its arguments in order, as they were when it was called: images as digests (n,), a model as `OwnModel`."""
    returned: Any
    """What it returned, as it was then: a list for a tuple, a model as `OwnModel`."""
    trainings: range
    """Numbers of the notebook's trainings that it made."""


@dataclass(frozen=True)
class OwnModel:
    """A model that was given or returned."""

    handle: Handle
    arrays: tuple[str, ...]
    """Digests of its arrays at that time."""

    def is_still(self, handle: Handle, arrays: Sequence[Array]) -> bool:
        """Whether a model is this one, with the arrays that it had then."""
        return self.handle.id == handle.id and self.arrays == tuple(map(digest_of_array, arrays))


def own_calls(submission: Submission, name: str) -> tuple[OwnCall, ...]:
    """Return what the notebook's cells got from a function that has lost points, oldest call first.

    Args:
        submission: Whose notebook.
        name: Of the function, which the page names in `OWN_CALLS`.

    Raises:
        Failed: The notes cannot be read.
    """
    reply, arrays = submission.probe({"op": "own_calls", "name": name}, model=True)
    try:
        return tuple(_own_call(number, noted, arrays) for number, noted in enumerate(reply["calls"]))
    except (ProtocolError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Failed(f"what `{name}` returned in the notebook could not be read ({error})") from error


def model_made_by(submission: Submission, name: str, call: OwnCall, position: int) -> Handle:
    """Return the model that a function that was an argument of a noted call makes, called without arguments.

    Raises:
        Failed: It is no function, raises, or makes no model.
    """
    content = {"op": "made", "name": name, "call": call.number, "position": position}
    reply, arrays = submission.probe(content, model=True)
    made = submission.read_answer(f"the function given to `{name}`", reply, arrays).returned()
    if not isinstance(made, Handle):
        raise Failed(f"`{name}` was given a function that makes {brief(made)}")
    return made


def same_images(noted: Any, images: Array, labels: Array) -> bool:
    """Whether a noted argument is a pair of these images and labels, in any order.

    Raises:
        Undecided: They were not noted: a data set, or a generator.
    """
    pair = noted if isinstance(noted, list) and len(noted) == 2 else [None, None]
    found, told = (np.asarray(part).reshape(-1) if isinstance(part, np.ndarray) else None for part in pair)
    if found is None or told is None or found.dtype != np.uint64 or len(found) != len(told):
        raise Undecided("The grader could not read the images and labels that the function was given.")
    wanted = digests_of_images(images)
    orders = np.argsort(found), np.argsort(wanted)
    return bool(np.array_equal(found[orders[0]], wanted[orders[1]]) and (told[orders[0]] == labels[orders[1]]).all())


def were_measured(shares: Iterable[float], trainings: Sequence[Training]) -> bool:
    """Whether shares were measured by trainings, each by another one: after any epoch, rounded, or in percent.

    Args:
        shares: E.g. the accuracies in a table.
        trainings: Those that may have.
    """
    left = [[*found.val_accuracy, *found.train_accuracy] for found in trainings]
    for share in shares:
        place = next((place for place, shown in enumerate(left) if any(_tells(share, value) for value in shown)), None)
        if place is None:
            return False
        del left[place]
    return True


def _tells(told: float, share: float) -> bool:
    return any(
        abs(told - unit * value) <= 1e-6 * unit
        for unit in (1, 100)
        for value in (share, *(round(share, decimals) for decimals in _ROUNDED))
    )


def _own_call(number: int, noted: dict[str, Any], arrays: Sequence[bytes]) -> OwnCall:
    def decoded(key: str) -> Any:
        first, end = map(int, noted[f"{key}_arrays"])
        return _with_models(Decoder(arrays[first:end]).decode(noted[key]))

    first, end = map(int, noted["trainings"])
    given = decoded("given")
    return OwnCall(number, tuple(given), decoded("returned"), range(first, end))


def _with_models(value: Any) -> Any:
    if type(value) in (list, tuple):  # tables and handles are tuples, too
        return [_with_models(part) for part in value]
    if isinstance(value, dict) and set(value) == {"model", "arrays"} and isinstance(value["model"], Handle):
        return OwnModel(value["model"], tuple(map(str, value["arrays"])))
    return value
