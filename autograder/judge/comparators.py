"""Comparisons that check pages use.

They refuse NaN, look at shape and dtype before values, and never call anything of the student's.
"""

import math
from typing import Any

import numpy as np

from autograder.judge.checking import Undecided, fail
from autograder.judge.submission import Answer, plain
from autograder.judge.wording import brief
from autograder.kernels.values import Foreign, Handle, Table

__all__ = [
    "as_array",
    "expect_accuracy",
    "expect_array",
    "expect_close",
    "expect_dtype",
    "expect_pair",
    "expect_probabilities",
    "expect_report",
    "expect_untouched",
    "expect_value_error",
    "image_positions",
    "number",
    "predicted_classes",
]

Array = np.ndarray[Any, Any]
REPORT_TOLERANCE = 0.0101


def as_array(value: Any, what: str, called: str = "") -> Array:
    """Convert what came back to an array; lists, tuples and tensors are as good as arrays.

    Raises:
        Failed: It cannot become an array of numbers.
    """
    try:
        array = np.asarray(plain(value, what, called))
    except ValueError:
        fail(f"{what} came back as {brief(value)}, whose parts differ in shape", "parts of one shape", called=called)
    if array.dtype.kind not in "biuf":
        fail(f"{what} came back as {brief(value)}", "an array of numbers", called=called)
    return array


def expect_array(value: Any, expected: Array, what: str, called: str = "", hint: str = "") -> None:
    """Compare whole arrays: shape first, then values. The dtype is not compared; see `expect_dtype`.

    Raises:
        Failed: They differ.
    """
    array = as_array(value, what, called)
    if array.shape != expected.shape:
        fail(f"{what} came back with shape {array.shape}", f"shape {expected.shape}", called=called, hint=hint)
    if np.isnan(array.astype(np.float64)).any():
        fail(f"there is NaN in {what}", "numbers", called=called, hint=hint)
    if not np.array_equal(array, expected):
        wrong = np.flatnonzero((array != expected).reshape(len(array), -1).any(axis=1)) if array.ndim else np.array([0])
        if array.ndim == 1 and not brief(array).startswith("["):  # two arrays of one shape would read the same
            place = int(wrong[0])
            came = f"{what} came back with {array[place].item():.6g} at position {place} of {len(array)}"
            wanted = f"{expected[place].item():.6g}"
        elif array.ndim <= 1:
            came, wanted = f"{what} came back as {brief(array)}", brief(expected)
        else:
            came, wanted = (
                f"{what} came back with other content at position {wrong[0]} of {len(array)}",
                "the same content",
            )
        fail(came, wanted, called=called, hint=hint)


def expect_close(value: Any, expected: Array, what: str, called: str = "", *, tolerance: float = 1e-6) -> None:
    """Compare arrays of numbers that were computed: shape first, then values.

    Args:
        value: What came back; lists and tensors are as good as arrays.
        expected: What is right.
        what: Name of it, for the message.
        called: The call, for the message.
        tolerance: By how much a number may be off, as a share of the largest that is expected, or of 1.

    Raises:
        Failed: They differ.
    """
    array = as_array(value, what, called)
    if array.shape != expected.shape:
        fail(f"{what} came back with shape {array.shape}", f"shape {expected.shape}", called=called)
    found, right = array.astype(np.float64), expected.astype(np.float64)
    if not np.isfinite(found).all():
        fail(f"there is NaN or infinity in {what}", "numbers", called=called)
    off = np.abs(found - right)
    if off.size and off.max() > tolerance * max(1.0, float(np.abs(right).max())):
        place = np.unravel_index(int(off.argmax()), off.shape)
        where = ", ".join(str(int(index)) for index in place)
        came = f"{what}[{where}] is {found[place]:.6g}" if where else f"{what} is {found[place]:.6g}"
        fail(came, f"{right[place]:.6g}", called=called)


def expect_dtype(value: Any, dtype: str, what: str, called: str = "") -> None:
    """Compare the dtype where there is one: a list of arrays has that of its arrays, a list of numbers none.

    Raises:
        Failed: An array of another dtype came back.
    """
    array = as_array(value, what, called)
    parts = value if isinstance(value, list | tuple) and value else [value]
    if all(isinstance(part, np.ndarray) for part in parts) and str(array.dtype) != dtype:
        fail(f"{what} came back as {array.dtype}", f"dtype {dtype}", called=called)


def expect_pair(value: Any, what: str, called: str = "") -> tuple[Any, Any]:
    """Return the two parts of a returned pair.

    Raises:
        Failed: It is not a sequence of exactly two parts.
    """
    if isinstance(value, Foreign | Handle | Table) or not isinstance(value, tuple | list) or len(value) != 2:
        fail(f"{what} came back as {brief(value)}", "two parts", called=called)
    return value[0], value[1]


def number(value: Any, what: str, called: str = "") -> float:
    """Return a finite number; booleans, NaN and infinities are none.

    Raises:
        Failed: It is something else.
    """
    if isinstance(value, np.ndarray | np.generic) and value.size == 1 and value.dtype.kind in "iuf":
        value = (float if value.dtype.kind == "f" else int)(value.reshape(-1)[0])
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        fail(f"{what} is {brief(value)}", "a finite number", called=called)
    return float(value)


def image_positions(found: Array, images: Array) -> list[int]:
    """Say which of the input images each returned image is, by its pixels. The inputs are drawn without repetitions.

    Raises:
        Failed: An image came back that was not given, or in another shape.
    """
    if found.shape[1:] != images.shape[1:]:
        fail(f"images of shape {images.shape[1:]} came back as an array of shape {found.shape}", "images as given")
    known = {image.tobytes(): index for index, image in enumerate(images)}
    same_type = found.astype(images.dtype) if found.dtype.kind in "uif" else found
    positions = [known.get(np.ascontiguousarray(image).tobytes()) for image in same_type]
    if None in positions:
        fail(
            f"the image at position {positions.index(None)} of the answer is none of those given",
            "images that were given, unchanged",
        )
    return [position for position in positions if position is not None]


def expect_probabilities(
    found: Array, shape: tuple[int, ...], called: str = "", *, off: float = 1e-3, hint: str = ""
) -> None:
    """Expect rows of probabilities: the shape, values in [0, 1], each row's sum 1.

    Args:
        found: Outputs of a model.
        shape: That they should have.
        called: What was called, for the message.
        off: By how much a sum may be off: with half precision, more than by default.
        hint: What to try if the shape is another one; replaces the check's own hint.

    Raises:
        Failed: They are not.
    """
    if found.shape != shape:
        wanted = f"shape {shape}, one probability per class"
        fail(f"the model's output has shape {found.shape}", wanted, called=called, hint=hint)
    if not np.isfinite(found).all():
        fail("the model's output holds NaN or infinity", "probabilities", called=called)
    off_sums, beyond = np.abs(found.sum(axis=1) - 1), np.maximum(-found.min(axis=1), found.max(axis=1) - 1)
    if found.min() < 0 or beyond.max() > off or off_sums.max() > off:
        row = int(np.maximum(off_sums, beyond).argmax())  # the first one may be right
        came = (
            f"row {row + 1} of the model's output sums to {found[row].sum():.3f},"
            f" its values lie between {found[row].min():.3f} and {found[row].max():.3f}"
        )
        fail(came, "probabilities that sum to 1", called=called)


def predicted_classes(outputs: Array, what: str) -> Array:
    """Return the class each row speaks for; a single column counts as the probability of class 1.

    That a model should give one probability per class is judged elsewhere, once.

    Raises:
        Failed: The outputs are no rows of numbers.
    """
    if outputs.ndim != 2 or not np.isfinite(outputs).all():
        fail(
            f"the output of {what} has shape {outputs.shape}" if outputs.ndim != 2 else f"{what} gives NaN or infinity",
            "one row of probabilities an image",
        )
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1))


def expect_accuracy(accuracy: float, threshold: float, band: float, what: str, hint: str = "") -> None:
    """Gate an accuracy on hidden images.

    Args:
        accuracy: Share of hidden images classified correctly, 0 to 1.
        threshold: Calibrated threshold (see docs/calibration.md).
        band: Half-width of the band around it in which another machine might decide otherwise.
        what: Name of the model, for the message.
        hint: What to try if it is below the band; replaces the check's own hint.

    Raises:
        Failed: It is below the band.
        Undecided: It is inside the band.
    """
    if accuracy < threshold - band:
        fail(f"{what} is right on {accuracy:.1%} of images it has never seen", f"at least {threshold:.1%}", hint=hint)
    if accuracy < threshold + band:
        raise Undecided(
            f"{what} is right on {accuracy:.1%} of images it has never seen,"
            f" which is too close to the threshold of {threshold:.1%}."
        )


def expect_report(reported: float, measured: float, what: str, images: str = "the test images") -> None:
    """Compare an accuracy that the notebook reports with the one measured on the same images.

    They may differ by 0.01: rounding to two decimals, and images on the border that another machine decides otherwise.

    Args:
        reported: What the notebook says, 0 to 1.
        measured: What the rebuilt model reaches on the same images.
        what: Name of the report in the notebook.
        images: What the images are called there.

    Raises:
        Failed: They are too far apart to be of one model.
    """
    if abs(reported - measured) > REPORT_TOLERANCE:
        fail(
            f"`{what}` says {reported:.3f}, but the model is right on {measured:.1%} of {images}",
            f"the share of {images} that it classifies correctly",
            hint=f"compute it from the model's predictions on {images}, as a share between 0 and 1",
        )


def expect_value_error(answer: Answer, what: str) -> None:
    """Expect that a call raised ValueError.

    Args:
        answer: Of the call.
        what: What it was given that is wrong, for the message.

    Raises:
        Failed: It returned, or raised something else.
    """
    if answer.raised is None:
        fail("it returned without an error", f"a ValueError, because it was given {what}", called=answer.called)
    if answer.raised.is_of_a_stub:
        answer.returned()
    if not answer.raised.is_a("ValueError"):
        fail(f"it {answer.raised}", f"a ValueError, because it was given {what}", called=answer.called)


def expect_untouched(answer: Answer, *given: Any) -> None:
    """Expect that a call left its first arguments as they were; the call must have been made with `inputs_after=True`.

    Args:
        answer: Of the call.
        given: Arrays, or lists of numbers.

    Raises:
        Failed: They differ.
    """
    after = answer.inputs_after[0] if answer.inputs_after else []
    if len(after) < len(given) or not all(np.array_equal(a, b) for a, b in zip(after, given, strict=False)):
        fail("what was given to it was changed in place", "inputs left as they were", called=answer.called)
