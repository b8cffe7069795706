"""What the notebook's own cells train: every `fit`, the images it learnt from, and which images a model was shown.

Stand-alone, like `probe.py`, which loads it by path in a kernel. Models, arrays and images are noted as digests, which
cost little; the judge, who has the images of the course too, knows them again.
"""

import contextlib
import functools
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

if __package__:
    from autograder.kernels import examples
else:  # loaded by path, by `probe.py`, which has loaded this before
    _loaded: Any = sys.modules
    examples = _loaded["kernel_examples"]

MAX_FITS, MAX_IMAGES, MAX_NOTES = 300, 20_000, 400
EPOCHS_OF_ENDLESS = 6
DIGEST_BYTES = 8

_fits: list[dict[str, Any]] = []
_shown: list[dict[str, Any]] = []
_busy: list[None] = []
"""Not empty while a `fit` or the like runs, or the judge asks: what is called meanwhile is no deed of the cells."""


class Contents(NamedTuple):
    """Images and labels, as digests and class numbers."""

    images: Any
    """(n,) uint64."""
    labels: Any
    """(n,) int64; -1 where there is none."""


def digest_of_array(array: Any) -> str:
    """Return a short digest of an array's type, shape and content."""
    array = np.ascontiguousarray(array)
    head = f"{array.dtype}{array.shape}".encode()
    return hashlib.blake2b(array.tobytes(), digest_size=DIGEST_BYTES, key=head[:64]).hexdigest()


def digest_of_state(digests: Sequence[str]) -> str:
    """Return one short digest of all arrays of a model, given theirs, in whatever order."""
    return hashlib.blake2b("".join(sorted(digests)).encode(), digest_size=DIGEST_BYTES).hexdigest()


def digests_of_images(images: Any) -> Any:
    """Return one number an image, (n,) uint64: the same for the same pixels, whatever their type."""
    rows = np.ascontiguousarray(images, dtype=np.float32)
    found = [hashlib.blake2b(row.tobytes(), digest_size=DIGEST_BYTES).digest() for row in rows]
    return np.frombuffer(b"".join(found), dtype=np.uint64)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Note nothing while the context lasts."""
    _busy.append(None)
    try:
        yield
    finally:
        _busy.pop()


@contextlib.contextmanager
def noting() -> Iterator[None]:
    """Note what a cell does, while the context lasts, also where a judge in the same process stands aside."""
    before = list(_busy)
    _busy.clear()
    try:
        yield
    finally:
        _busy[:] = before


def begin() -> None:
    """From now on, note what cells do; once for each kernel."""
    import keras

    model = keras.Model
    if not hasattr(model.fit, "is_noted"):
        for name, note in (("fit", _noting_fit), *((name, _noting_shown) for name in _SHOWING)):
            wrapped: Any = functools.wraps(getattr(model, name))(note(getattr(model, name)))
            wrapped.is_noted = True
            setattr(model, name, wrapped)


_SHOWING = ("evaluate", "predict", "predict_on_batch", "test_on_batch", "__call__")


def _noting_fit(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        if _busy:
            return original(model, *args, **kwargs)
        with aside():
            note: dict[str, Any] = _NOTHING_YET | {"model": model, "passed": []}
            _fits.append(note)  # it has begun, however it ends
            del _fits[MAX_FITS + 1 :]  # one more says that there were more
            earlier = getattr(model, "history", None)
            with contextlib.suppress(Exception):  # what cannot be noted is no reason to fail the cell
                note |= {"before": _digests(model), "rate": _rate(model), "trainable": _flags(model)}
                note |= {"after": note["before"], "operations": _operations(model)}
            try:
                history = _with_epochs_noted(original, signature, model, args, kwargs, note["passed"])
            except BaseException:
                with contextlib.suppress(Exception):
                    note["after"] = _digests(model)
                    so_far = getattr(model, "history", None)  # Keras sets it at the end of each epoch
                    if so_far is not earlier:
                        note |= _record(so_far)
                    note |= _given(signature.bind(model, *args, **kwargs).arguments, None, only_arrays=True)
                raise
            note["ended"] = True
            with contextlib.suppress(Exception):
                given = signature.bind(model, *args, **kwargs).arguments
                if _asks_by_itself(given.get("callbacks")):  # what it is shown meanwhile is not looked at
                    _shown.append({"model": model, "fits": len(_fits), "images": None})
                note |= {"after": _digests(model), "operations": _operations(model)} | _record(history)
                note |= _given(given, history.params.get("steps"))
            return history

    return fit


def _with_epochs_noted(
    original: Callable[..., Any], signature: inspect.Signature, model: Any, args: Any, kwargs: Any, passed: list[str]
) -> Any:
    """Train, and note what the model held after each epoch, where callbacks may keep that: as a file, say."""
    import keras

    with contextlib.suppress(TypeError):  # Keras says what is wrong
        bound = signature.bind(model, *args, **kwargs)
        given = bound.arguments.get("callbacks")
        own = [given] if isinstance(given, keras.callbacks.Callback) else given
        if isinstance(own, list | tuple) and not all(map(is_judges_clock, own)):
            last = keras.callbacks.Callback()  # what the others do to the model at the end of an epoch has been done
            last.on_epoch_end = lambda *_, **__: _note_state(model, passed)
            bound.arguments["callbacks"] = [*own, last]
            args, kwargs = bound.args[1:], bound.kwargs
    return original(model, *args, **kwargs)


def is_judges_clock(callback: Any) -> bool:
    """Whether a callback is the judge's own, which keeps nothing of the model.

    Args:
        callback: Of a training. One of a student's may answer to every name, so it is not asked for any.
    """
    import keras

    return type(callback) is keras.callbacks.Callback and "judges_clock" in vars(callback)


def _note_state(model: Any, passed: list[str]) -> None:
    with contextlib.suppress(Exception):  # what cannot be noted is no reason to fail the cell
        passed.append(digest_of_state(_digests(model)))


def _asks_by_itself(callbacks: Any) -> bool:
    """Whether a training has callbacks that may do anything, such as showing the model images: not Keras's own."""
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    kinds = [type(callback) for callback in given if callback is not None]
    return any(kind.__name__ == "LambdaCallback" or not kind.__module__.startswith("keras.") for kind in kinds)


_NOTHING_YET: dict[str, Any] = {
    "ended": False,
    "before": [],
    "after": [],
    "passed": [],
    "operations": [],
    "epochs": 0,
    "steps": 0,
    "history": {},
    "learnt": None,
    "watched": None,
}
"""The note of a training that has only begun. One that an error or a limit stops keeps what it had come to by then."""


def _operations(model: Any) -> list[str]:
    return [type(found).__name__ for found in getattr(model, "operations", model.layers)[:500]]


def _record(history: Any) -> dict[str, Any]:
    steps = history.params.get("steps")
    return {
        "epochs": len(history.epoch),
        "steps": steps if isinstance(steps, int) else 0,
        "history": {str(name): [_number(value) for value in values] for name, values in history.history.items()},
    }


def _given(given: dict[str, Any], steps: Any, *, only_arrays: bool = False) -> dict[str, Any]:
    """The images a training was given; of one that was stopped, no data set is read again: it may be what took long."""
    watched = given.get("validation_data")
    watched = (*watched, None)[:2] if isinstance(watched, tuple | list) else (watched, None)
    if watched[0] is None:
        watched = examples.split_off(given)
    pairs = {"learnt": (*examples.learned(given), steps), "watched": (*watched, None)}
    return {
        name: contents(x, y, count)
        for name, (x, y, count) in pairs.items()
        if not only_arrays or isinstance(x, np.ndarray)
    }


def _number(value: Any) -> float:
    """Return an entry of a history; NaN for what is none, as a metric that gives one number a class."""
    with contextlib.suppress(Exception):
        return float(value)
    return float("nan")


def _noting_shown(original: Callable[..., Any]) -> Callable[..., Any]:
    def show(model: Any, *args: Any, **kwargs: Any) -> Any:
        if _busy:
            return original(model, *args, **kwargs)
        with aside():
            answer = original(model, *args, **kwargs)
            with contextlib.suppress(Exception):
                given = args[0] if args else kwargs.get("x", kwargs.get("inputs"))
                if not hasattr(given, "_keras_history"):
                    _note_shown(model, given, kwargs.get("steps"))
            return answer

    return show


def _note_shown(model: Any, given: Any, steps: Any) -> None:
    """Note what a model was shown; of what goes beyond the notes, that it may have been anything."""
    note = {"model": model, "fits": len(_fits), "images": None}
    if len(_shown) < MAX_NOTES:
        found = contents(given, None, steps)
        _shown.append(note if found is None else note | {"images": found.images})
    elif all(noted["model"] is not model or noted["fits"] != len(_fits) for noted in _shown[MAX_NOTES:]):
        _shown.append(note)


def contents(x: Any, y: Any, steps: int | None) -> Contents | None:
    """Return digests of the images in what `fit` is given; None if they cannot be read without using them up."""
    with contextlib.suppress(Exception):
        parts = list(_parts(x, y, steps))
        if parts:
            images = np.concatenate([digests_of_images(found) for found, _ in parts])
            labels = np.concatenate([_numbers(found, len(images)) for images, found in parts])
            return Contents(images[:MAX_IMAGES], labels[:MAX_IMAGES])
    return None


def _parts(x: Any, y: Any, steps: int | None) -> Iterator[tuple[Any, Any]]:
    """Yield images and labels, portion by portion. A data set is read once more, a generator is left alone."""
    read: Any
    if hasattr(x, "element_spec") and hasattr(x, "take"):  # tf.data
        count = steps or MAX_IMAGES
        if steps and int(x.cardinality()) == -1:  # endless: some images come twice in an epoch, and others in the next
            count *= EPOCHS_OF_ENDLESS
        read = (tuple(part) if isinstance(part, tuple | list) else (part, None) for part in x.take(count))
    elif hasattr(x, "__getitem__") and hasattr(x, "on_epoch_end"):  # keras.utils.PyDataset
        read = (x[number] for number in range(min(len(x), MAX_IMAGES)))
    elif isinstance(x, np.ndarray | list | tuple) or hasattr(x, "numpy"):
        read = [(x, y)]
    else:
        return
    seen = 0
    for images, *labels in read:
        array = np.asarray(images)
        if array.ndim != 4 or seen > MAX_IMAGES:
            raise ValueError("these are no images, or too many")
        seen += len(array)
        yield array, labels[0] if labels else None


def _numbers(labels: Any, count: int) -> Any:
    """Return class numbers, also of one-hot labels; -1 where there are none."""
    if labels is None:
        return np.full(count, -1)
    rows = np.asarray(labels).reshape(count, -1)
    return (rows[:, 0] if rows.shape[1] == 1 else rows.argmax(axis=1)).astype(np.int64)


def _digests(model: Any) -> list[str]:
    return [digest_of_array(variable) for variable in model.weights]


def _flags(model: Any) -> list[bool]:
    trainable = {id(variable) for variable in model.trainable_variables}
    return [id(variable) in trainable for variable in model.weights]


def _rate(model: Any) -> float | None:
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # what mixed precision wraps
    rate = getattr(optimizer, "_learning_rate", None)
    return None if rate is None or hasattr(rate, "get_config") else float(optimizer.learning_rate)


def report(keep: Callable[[Any], str]) -> tuple[dict[str, Any], list[Any]]:
    """Turn the notes into plain values.

    Args:
        keep: Gives the handle of a model.

    Returns:
        `fits` and `shown`, with models as handles and digests of images as numbers of arrays; and the arrays.
    """
    arrays: list[Any] = []

    def number(array: Any) -> int | None:
        if array is not None:
            arrays.append(array)
        return None if array is None else len(arrays) - 1

    def numbers(found: Sequence[Any] | None) -> list[int | None] | None:
        return None if found is None else [number(array) for array in found]

    fits = [
        {name: value for name, value in note.items() if name not in ("model", "learnt", "watched")}
        | {"model": keep(note["model"]), "learnt": numbers(note["learnt"]), "watched": numbers(note["watched"])}
        for note in _fits
    ]
    shown = [{"model": keep(note["model"]), "fits": note["fits"], "images": number(note["images"])} for note in _shown]
    return {"fits": fits, "shown": shown}, arrays
