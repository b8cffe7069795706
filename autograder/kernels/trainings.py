"""What one call of a student's function trains, or a whole notebook: every `fit`, and the arrays before and after.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import functools
import inspect
import sys
import weakref
from collections.abc import Callable, Iterator
from time import perf_counter, sleep  # bound before any code of a student's can put others in their place
from typing import Any

if __package__:
    from autograder.kernels import asked_models, examples, moving
else:  # loaded by path, by `probe.py`, which has loaded these before
    _loaded: Any = sys.modules
    asked_models, examples = _loaded["kernel_asked_models"], _loaded["kernel_examples"]
    moving = _loaded["kernel_moving"]

MAX_FITS, MAX_PREDICTIONS, MAX_NOTED = 24, 40, 300


class Watch:
    """What was seen."""

    def __init__(self, plan: moving.Plan) -> None:
        self.plan = plan
        self.fits: list[dict[str, Any]] = []
        self.predictions: list[dict[str, Any]] = []
        self.moved = moving.Moved(plan)

    def take(self, record: dict[str, Any], model: Any) -> None:
        """Take a training down, with the model as it was left."""
        record["after"] = asked_models.kept_arrays(model) if self.plan.arrays else []
        if record["after"]:
            record["described"], carried = asked_models.described(model)
            record["outputs"] = carried[len(record["trainable"]) :]
        self.fits[MAX_FITS - 1 :] = []  # an endless row of trainings keeps only its first ones and its last
        self.fits.append(record)


@contextlib.contextmanager
def watched(plan: moving.Plan | None = None) -> Iterator[Watch]:
    """Note every `fit` and `predict` of a Keras model while the context lasts.

    Args:
        plan: What to do to them.

    Yields:
        What was seen so far. One record a `fit`: what `_noted` says, and `trainable` (one flag an array), `before` and
        `after` (arrays in the order of `model.weights`), `outer_seconds` (what a clock around it shows at most), and
        how the model is `described` as it was left, with its `outputs` for drawn inputs. One
        record a `predict`: `images`, `batch_size`, `seconds`, `outer_seconds` and `rows`.
    """
    import keras

    watch = Watch(plan or moving.Plan())
    fit_original, predict_original = keras.Model.fit, keras.Model.predict
    own = {name: name in vars(keras.Model) for name in ("fit", "predict")}

    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        outer = perf_counter()
        trainable = {id(variable) for variable in model.trainable_variables}
        record: dict[str, Any] = {
            "model": model,
            "trainable": [id(variable) in trainable for variable in model.weights],
            "before": asked_models.kept_arrays(model) if watch.plan.arrays else [],
        }
        try:
            return _noted(_plain(fit_original), model, args, kwargs, record, watch.moved)
        finally:
            if _is_training(record):
                watch.take(record, model)
                record["outer_seconds"] = perf_counter() - outer

    def predict(model: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        outer = perf_counter()
        if examples.length(x) == watch.plan.predict_images:
            calls = sum(record["images"] == watch.plan.predict_images for record in watch.predictions)
            if calls < len(watch.plan.predict_pauses):
                args, kwargs = _lasting_longer(watch.plan.predict_pauses[calls], args, kwargs)
        started = perf_counter()
        outputs = predict_original(model, x, *args, **kwargs)
        seconds = perf_counter() - started
        size = args[0] if args else kwargs.get("batch_size")
        record = {
            "images": examples.length(x),
            "batch_size": int(size) if isinstance(size, int) else 0,
            "seconds": seconds,
            "rows": examples.rows_of_images(x),
        }
        watch.predictions[MAX_PREDICTIONS - 1 :] = []
        watch.predictions.append(record)
        record["outer_seconds"] = perf_counter() - outer
        return outputs

    keras.Model.fit, keras.Model.predict = fit, predict
    try:
        yield watch
    finally:
        for name, before in (("fit", fit_original), ("predict", predict_original)):
            if own[name]:
                setattr(keras.Model, name, before)
            else:
                delattr(keras.Model, name)


def _lasting_longer(
    seconds: float, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Have a `predict` last longer for every clock: around it, or in a callback.

    Args:
        seconds: How much longer.
        args: Of `predict`, behind its images.
        kwargs: Likewise.

    Returns:
        What to call it with instead.
    """
    import keras

    waiting = [seconds]

    class Pause(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            del batch, logs  # with several steps in one execution, the first one to end has another number
            sleep(waiting.pop() if waiting else 0)

    place = 3
    given = args[place] if len(args) > place else kwargs.get("callbacks")
    if isinstance(given, keras.callbacks.CallbackList):
        sleep(seconds)
        return args, kwargs
    # before those of the student, whose clocks stop behind it
    callbacks = [Pause(), *(given if isinstance(given, list | tuple) else [given] if given else [])]
    if len(args) > place:
        return (*args[:place], callbacks, *args[place + 1 :]), kwargs
    return args, {**kwargs, "callbacks": callbacks}


_notebook: list[dict[str, Any]] = []
"""Trainings of the notebook's own cells, each in a few words."""
_questions: list[None] = []
"""Not empty while the judge asks: what a function trains then is no training of the notebook."""


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Say that what runs meanwhile is a question of the judge."""
    _questions.append(None)
    try:
        yield
    finally:
        _questions.clear()


def is_asked() -> bool:
    """Whether what runs is a question of the judge."""
    return bool(_questions)


def note_notebook() -> None:
    """From now on note in a few words what the notebook's cells train, if Keras is there already."""
    keras = sys.modules.get("keras")
    model_class = getattr(keras, "Model", None)
    if model_class is None or hasattr(model_class.fit, "noted"):
        return
    original = model_class.fit

    @functools.wraps(original)
    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        if _questions or len(_notebook) > MAX_NOTED:  # one more says that there were more
            return original(model, *args, **kwargs)
        record: dict[str, Any] = {"model": weakref.ref(model)}
        outer = perf_counter()
        try:
            return _noted(original, model, args, kwargs, record, None)
        finally:
            record["outer_seconds"] = perf_counter() - outer
            if _is_training(record):
                _notebook.append(record)

    fit.noted = original  # type: ignore[attr-defined]
    model_class.fit = fit


def forget_notebook() -> None:
    """Undo `note_notebook` and forget what it noted: another notebook begins in this process."""
    _notebook.clear()
    model_class = getattr(sys.modules.get("keras"), "Model", None)
    if model_class is not None and hasattr(model_class.fit, "noted"):
        del model_class.fit  # Keras's own is inherited


def notebook_trainings() -> list[dict[str, Any]]:
    """Return the records of the notebook's trainings: what `_noted` says, and `model` if it is still there."""
    return [record | {"model": record["model"]()} for record in _notebook]


def _plain(fit: Callable[..., Any]) -> Callable[..., Any]:
    return getattr(fit, "noted", fit)


def _is_training(record: dict[str, Any]) -> bool:
    """Whether a `fit` has come to its end, or had learned something when an error or a limit stopped it."""
    return bool(record.get("has_ended") or record.get("epochs") or record.get("steps"))


def _noted(
    original: Callable[..., Any], model: Any, args: Any, kwargs: Any, record: dict[str, Any], moved: moving.Moved | None
) -> Any:
    """Train, and note what it was; of a training that an error or a limit stops, what it had come to by then.

    Args:
        original: Keras's `fit`.
        model: To be trained.
        args: Positional arguments of the call.
        kwargs: Keyword arguments.
        record: Gets `epochs` as done, `seconds`, `epoch_seconds` (three numbers an epoch: for training, with
            validation, and until the next one begins), `accuracy` and `val_accuracy` (one an epoch, if there are any),
            `reports` (names in the history), `has_ended` (was not stopped), `steps`, `rate` (class of the optimizer
            and learning rate when it began), and what `_examples` tells.
        moved: What the judge does to it.
    """
    bound = _bound(original, model, args, kwargs)
    if moved is not None and bound is not None:
        moved.begin(model, bound.arguments.get("epochs", 1), bound.arguments.get("initial_epoch", 0))
        moved.sample = examples.first_images(bound.arguments.get("x"), moving.SAMPLE)
    clock = Clock(moved)
    if bound is not None:
        callbacks = bound.arguments.get("callbacks")
        if callbacks is None or isinstance(callbacks, list | tuple):
            bound.arguments["callbacks"] = [
                clock.callback(),
                *(callbacks or ()),
            ]  # first: what others see has been moved
        elif hasattr(callbacks, "append"):
            callbacks.append(clock.callback())
        args, kwargs = bound.args[1:], bound.kwargs
    optimizer = getattr(model, "optimizer", None)
    record["rate"] = _rate(optimizer)
    steps = _steps(optimizer)
    earlier, history = getattr(model, "history", None), None
    x, y = examples.learned(bound.arguments) if bound is not None else (None, None)
    started = perf_counter()
    try:
        history = original(model, *args, **kwargs)
    finally:
        record["seconds"] = perf_counter() - started
        has_ended = record["has_ended"] = history is not None
        so_far = history if has_ended else getattr(model, "history", None)  # Keras sets it at the end of each epoch
        if so_far is earlier and not has_ended:
            so_far = None
        told = getattr(so_far, "history", {})
        readable = has_ended or bool(examples.length(x))  # no data set is read again that may be what took so long
        record |= {
            "epochs": len(getattr(so_far, "epoch", ())),
            "epoch_seconds": clock.epoch_seconds,
            "accuracy": _accuracies(told, ""),
            "val_accuracy": _accuracies(told, "val_"),
            "reports": sorted(str(name)[:100] for name in told)[:20],
            "steps": _steps(optimizer) - steps,
            **(examples.examples_of(x, y, with_features=moved is not None) if readable else {"rows": [], "labels": []}),
        }
    return history


def _accuracies(told: dict[str, Any], prefix: str) -> list[float]:
    """Return what a history says of the accuracy after each epoch, by any of the names that Keras gives it."""
    named = (told[prefix + name] for name in _NAMES_OF_ACCURACY if prefix + name in told)
    return [float(value) for value in next(named, ())]


_NAMES_OF_ACCURACY = ("accuracy", "acc", "sparse_categorical_accuracy")


def _bound(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
    try:
        return inspect.signature(original).bind(model, *args, **kwargs)
    except TypeError:
        return None  # Keras says what is wrong


class Clock:
    """Notes how long each epoch takes, and tells when it begins and ends."""

    def __init__(self, moved: moving.Moved | None) -> None:
        self.epoch_seconds: list[tuple[float, float, float]] = []
        self.judges_seconds: list[float] = []
        """Of the first of these, what the judge waited in each epoch."""
        self.moved = moved
        self._started = 0.0
        self._trained: float | None = None
        self._ended = self._is_under_way = False
        self._waited = 0.0

    def callback(self) -> Any:
        """Return what Keras calls."""
        import keras

        found = keras.callbacks.Callback()
        found.on_epoch_begin = self._epoch_begins
        found.on_test_begin = self._training_ends
        found.on_epoch_end = self._epoch_ends
        found.on_train_end = self._others_end
        found.judges_clock = self
        if self.moved is not None:
            found.on_train_batch_end = self._batch_ends
        return found

    def _others_end(self, *_: Any, **__: Any) -> None:
        """What others do at the end of an epoch, and whatever delays them, may be part of the time that they take."""
        if self.epoch_seconds and self._ended:
            trained, whole, _whole = self.epoch_seconds[-1]
            self.epoch_seconds[-1] = (trained, whole, perf_counter() - self._started)
        self._ended = False

    def _epoch_begins(self, *_: Any, **__: Any) -> None:
        self._others_end()
        if self.moved is not None:
            self.moved.epoch_begins()
        self._started, self._trained, self._is_under_way, self._waited = perf_counter(), None, False, 0.0

    def _batch_ends(self, *_: Any, **__: Any) -> None:
        if self.moved is not None and not self._is_under_way:  # its number says nothing: several steps may be one call
            self._is_under_way = True
            started = perf_counter()
            self.moved.within_epoch()
            self._waited = perf_counter() - started

    def _training_ends(self, *_: Any, **__: Any) -> None:
        if self._trained is None:
            self._trained = perf_counter() - self._started
            if self.moved is not None:
                self.moved.epoch_ends()

    def _epoch_ends(self, *_: Any, **__: Any) -> None:
        self._training_ends()
        if len(self.epoch_seconds) < MAX_NOTED:
            whole = perf_counter() - self._started
            self.epoch_seconds.append((self._trained or 0.0, whole, whole))
            self.judges_seconds.append(self._waited)
            self._ended = True


def _rate(optimizer: Any) -> str:
    """Name an optimizer and its learning rate."""
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is not None and callable(rate) and hasattr(rate, "get_config"):
        return f"{type(optimizer).__name__} with {type(rate).__name__}"[:100]
    with contextlib.suppress(Exception):  # an optimizer of another kind has none
        return f"{type(optimizer).__name__} with {float(optimizer.learning_rate):.6g}"[:100]
    return type(optimizer).__name__[:100]


def _steps(optimizer: Any) -> int:
    with contextlib.suppress(Exception):  # no optimizer, or one of another kind
        return int(optimizer.iterations)
    return 0


NOTED = (
    *("epochs", "seconds", "outer_seconds", "epoch_seconds", "accuracy", "val_accuracy"),
    *("reports", "steps", "rate", "rows", "labels"),
)


def report(
    fits: list[dict[str, Any]], keep: Callable[[Any], str], first_buffer: int
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Turn the records into plain values.

    Args:
        fits: As `watched` gave them.
        keep: Gives the handle of a model.
        first_buffer: Number of the buffer that the first array will be.

    Returns:
        The records, models as handle and configuration, arrays as numbers of buffers; and the arrays.
    """
    arrays: list[Any] = []

    def numbers(found: list[Any]) -> list[int]:
        arrays.extend(found)
        return list(range(first_buffer + len(arrays) - len(found), first_buffer + len(arrays)))

    records = [
        {
            **{key: found[key] for key in (*NOTED, "trainable")},
            **{f"{key}_after": value for key, value in found.get("described", {}).items()},
            "model": keep(found["model"]),
            "before": numbers(found["before"]),
            "after": numbers(found["after"]),
            "outputs": numbers(found.get("outputs", [])),
            "features": numbers(found.get("features", [])),
        }
        for found in fits
    ]
    return records, arrays
