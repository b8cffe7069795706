"""What one call of a student's function trains: every `fit`, with the arrays before and after it; and parts of models.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import functools
import hashlib
import inspect
import itertools
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter, sleep  # bound before any code of a student's can put others in their place
from typing import Any, NamedTuple

MAX_FITS, MAX_PREDICTIONS, MAX_NOTED, MAX_ROWS = 24, 40, 300, 2_000
BATCH_SIZE = 32
"""Keras's own, where none is given."""
MAX_PARAMETERS = 200_000
"""Of a model whose arrays are kept; the judge's own backbones are far smaller."""


def maker(config: str, arrays: list[Any], pause: float = 0.0) -> Callable[[], Any]:
    """Return a function without arguments that makes a fresh copy of a model at each call, after a pause in seconds."""
    import keras

    def make_backbone() -> Any:
        sleep(pause)
        model = keras.models.model_from_json(config)
        model.set_weights(arrays)
        return model

    return make_backbone


class Plan(NamedTuple):
    """What the judge does to trainings while it watches them, so that it knows what they must show.

    Chance decides which epoch or which model is the best one, and a slip that takes another would often go unseen. So
    what the model shows after an epoch is moved: away from the weights it began with, in the direction it has learned
    (a factor above 0, and above 1 it overdoes it) or in the opposite one. Before the next epoch it is put back. And
    clocks that run where they should not are noticed by pauses.
    """

    shown: tuple[tuple[float | None, ...], ...] = ()
    """One row a training that lasts as many epochs as the row: a factor for each epoch. None: nothing is shown, as all
    that has learned is zero, so that the model gives every image the same class, however it was trained."""
    epoch_pauses: tuple[float, ...] = ()
    """Seconds to wait within each epoch of a model, counted over all its trainings."""
    row_pauses: tuple[float, ...] = ()
    """Seconds to wait within the first epoch of the trainings to which `shown` applies, one number a training: so that
    they last differently long, and no number that was typed in fits all of them."""
    predict_pauses: tuple[float, ...] = ()
    """Seconds to wait within each call of `predict` that has as many images as one call is to have."""
    predict_images: int = 0
    """That number."""
    arrays: bool = True
    """Whether to keep the arrays of the models that are trained, before and after."""
    pause: float = 0.0
    """Seconds to wait when a backbone is made, and before a training to which `shown` does not apply."""


class Watch:
    """What was seen."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.fits: list[dict[str, Any]] = []
        self.predictions: list[dict[str, Any]] = []
        self.moved = _Moved(plan)

    def take(self, record: dict[str, Any], model: Any) -> None:
        """Take a training down, with the model as it was left."""
        record["after"] = _arrays(model) if self.plan.arrays else []
        if record["after"]:
            record["described"], carried = described(model)
            record["outputs"] = carried[len(record["trainable"]) :]
        self.fits[MAX_FITS - 1 :] = []  # an endless row of trainings keeps only its first ones and its last
        self.fits.append(record)


@contextlib.contextmanager
def watched(plan: Plan | None = None) -> Iterator[Watch]:
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

    watch = Watch(plan or Plan())
    fit_original, predict_original = keras.Model.fit, keras.Model.predict
    own = {name: name in vars(keras.Model) for name in ("fit", "predict")}

    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        outer = perf_counter()
        trainable = {id(variable) for variable in model.trainable_variables}
        record: dict[str, Any] = {
            "model": model,
            "trainable": [id(variable) in trainable for variable in model.weights],
            "before": _arrays(model) if watch.plan.arrays else [],
        }
        try:
            return _noted(_plain(fit_original), model, args, kwargs, record, watch.moved)
        finally:
            if _is_training(record):
                watch.take(record, model)
                record["outer_seconds"] = perf_counter() - outer

    def predict(model: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        outer = perf_counter()
        if _length(x) == watch.plan.predict_images:
            calls = sum(record["images"] == watch.plan.predict_images for record in watch.predictions)
            sleep(watch.plan.predict_pauses[calls] if calls < len(watch.plan.predict_pauses) else 0)
        started = perf_counter()
        outputs = predict_original(model, x, *args, **kwargs)
        seconds = perf_counter() - started
        size = args[0] if args else kwargs.get("batch_size")
        record = {
            "images": _length(x),
            "batch_size": int(size) if isinstance(size, int) else 0,
            "seconds": seconds,
            "rows": _rows(x),
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
        if _questions or len(_notebook) >= MAX_NOTED:
            return original(model, *args, **kwargs)
        record: dict[str, Any] = {"model": weakref.ref(model)}
        try:
            return _noted(original, model, args, kwargs, record, None)
        finally:
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
    original: Callable[..., Any], model: Any, args: Any, kwargs: Any, record: dict[str, Any], moved: "_Moved | None"
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
    clock = _Clock(moved)
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
    x, y = _learned(bound.arguments) if bound is not None else (None, None)
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
        readable = has_ended or bool(_length(x))  # no data set is read again that may be what took so long
        record |= {
            "epochs": len(getattr(so_far, "epoch", ())),
            "epoch_seconds": clock.epoch_seconds,
            "accuracy": [float(value) for value in told.get("accuracy", ())],
            "val_accuracy": [float(value) for value in told.get("val_accuracy", ())],
            "reports": sorted(str(name)[:100] for name in told)[:20],
            "steps": _steps(optimizer) - steps,
            **(_examples(x, y, with_features=moved is not None) if readable else {"rows": [], "labels": []}),
        }
    return history


def _bound(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
    try:
        return inspect.signature(original).bind(model, *args, **kwargs)
    except TypeError:
        return None  # Keras says what is wrong


class _Moved:
    """Moves what a model shows after each epoch, and puts it back before the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._rows = list(plan.shown)
        self._models: dict[int, dict[str, Any]] = {}
        self._now: dict[str, Any] = {}

    def begin(self, model: Any, epochs: Any, initial_epoch: Any) -> None:
        """A training begins. Epochs that are trained one by one, in as many calls, count as one training."""
        known = self._models.get(id(model))
        lasts = epochs - initial_epoch if isinstance(epochs, int) and isinstance(initial_epoch, int) else 0
        matching = next((row for row in self._rows if len(row) == lasts), None)
        if matching is None and lasts == 1 and self.plan.epoch_pauses:
            matching = known["row"] if known else next(iter(self._rows), None)
        if known is None or known["row"] is not matching or known["epoch"] >= len(known["row"] or ()):
            known = {"model": model, "row": matching, "epoch": 0, "true": None}
            known["start"] = [_array(variable) for variable in model.trainable_variables] if matching else None
            self._models[id(model)] = known
            number = len(self.plan.shown) - len(self._rows)
            known["pause"] = dict(enumerate(self.plan.row_pauses)).get(number, 0.0) if matching else 0.0
            if matching in self._rows:  # a model that goes on for longer than its row shows the same again
                self._rows.remove(matching)
        self._now = known
        if matching is None:
            sleep(self.plan.pause)

    def epoch_begins(self) -> None:
        """See what is to be put back of what was moved: all that has not changed since."""
        known = self._now
        if known.get("true") is not None:
            variables = zip(known["model"].trainable_variables, known["shown"], known["true"], strict=False)
            known["back"] = [found for found in variables if (_array(found[0]) == found[1]).all()]
            known["true"] = None
        factors = [factor or 0.0 for factor in known.get("row") or (0.0,)]
        if max(factors) <= 1 or known.get("epoch") != factors.index(max(factors)):
            self._put_back()

    def within_epoch(self) -> None:
        """Put back what was moved, and wait, if that is planned.

        In the epoch after which the model overdoes it most, not before the first step is made: what it shows on the
        training images is then as wrong as it was before, so that the best epoch by these is not the best one.
        """
        self._put_back()
        epoch, pauses = self._now.get("epoch", 0), self.plan.epoch_pauses
        if self._now.get("row"):
            sleep(pauses[epoch] if epoch < len(pauses) else 0)
            sleep(self._now["pause"] if epoch == 0 else 0)

    def _put_back(self) -> None:
        """Go back to what was learned, and take along what the step since has changed."""
        for variable, shown, true in self._now.pop("back", ()):
            variable.assign(true + (_array(variable) - shown))

    def epoch_ends(self) -> None:
        """Move what the model shows."""
        self._put_back()
        known = self._now
        row, epoch = known.get("row"), known.get("epoch", 0)
        known["epoch"] = epoch + 1
        if not row or epoch >= len(row) or row[epoch] == 1:
            return
        variables = known["model"].trainable_variables
        if len(variables) != len(known["start"]):
            return
        known["true"] = [_array(variable) for variable in variables]
        for variable, start, true in zip(variables, known["start"], known["true"], strict=True):
            if row[epoch] is not None:
                variable.assign(start + row[epoch] * (true - start))
            elif (start != true).any():
                variable.assign(0 * true)
        known["shown"] = [_array(variable) for variable in variables]


class _Clock:
    """Notes how long each epoch takes, and tells when it begins and ends."""

    def __init__(self, moved: _Moved | None) -> None:
        self.epoch_seconds: list[tuple[float, float, float]] = []
        self._moved = moved
        self._started = 0.0
        self._trained: float | None = None
        self._ended = self._is_under_way = False

    def callback(self) -> Any:
        """Return what Keras calls."""
        import keras

        found = keras.callbacks.Callback()
        found.on_epoch_begin = self._epoch_begins
        found.on_test_begin = self._training_ends
        found.on_epoch_end = self._epoch_ends
        found.on_train_end = self._others_end
        if self._moved is not None:
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
        if self._moved is not None:
            self._moved.epoch_begins()
        self._started, self._trained, self._is_under_way = perf_counter(), None, False

    def _batch_ends(self, *_: Any, **__: Any) -> None:
        if self._moved is not None and not self._is_under_way:  # its number says nothing: several steps may be one call
            self._is_under_way = True
            self._moved.within_epoch()

    def _training_ends(self, *_: Any, **__: Any) -> None:
        if self._trained is None:
            self._trained = perf_counter() - self._started
            if self._moved is not None:
                self._moved.epoch_ends()

    def _epoch_ends(self, *_: Any, **__: Any) -> None:
        self._training_ends()
        if len(self.epoch_seconds) < MAX_NOTED:
            whole = perf_counter() - self._started
            self.epoch_seconds.append((self._trained or 0.0, whole, whole))
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


def _length(x: Any) -> int:
    shape = getattr(x, "shape", None)
    if shape is not None and len(shape):
        return int(shape[0] or 0)
    return len(x) if isinstance(x, list | tuple) else 0


def _learned(given: dict[str, Any]) -> tuple[Any, Any]:
    """Return what `fit` learns from in each epoch, images and labels: of arrays it may leave out the last ones."""
    x, y = given.get("x"), given.get("y")
    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        if x is not None and y is not None and _length(x):
            share, steps = float(given.get("validation_split") or 0), given.get("steps_per_epoch")
            count = int(_length(x) * (1 - share))  # as Keras rounds it
            if steps:
                count = min(count, int(steps) * int(given.get("batch_size") or BATCH_SIZE))
            return x[:count], y[:count]
    return x, y


def _pairs(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a training learns from, in parts: images or features, and labels."""
    import numpy as np

    if y is not None and not hasattr(x, "element_spec"):
        yield np.asarray(x), np.asarray(y)
    elif hasattr(x, "element_spec") or (hasattr(x, "__getitem__") and hasattr(x, "__len__") and y is None):
        parts = x if hasattr(x, "element_spec") else (x[number] for number in range(len(x)))
        found = 0
        for part in parts:
            if not isinstance(part, list | tuple) or len(part) < 2 or found > MAX_ROWS:
                return
            images, labels = np.asarray(part[0]), np.asarray(part[1])
            if labels.ndim == 0:
                images, labels = images[None], labels[None]
            found += len(labels)
            yield images, labels


def _rows(x: Any) -> list[str]:
    """Return a digest of each image that a training learns from, as far as they can be told without training."""
    import numpy as np

    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        return _rows_of([np.asarray(x)] if _length(x) else [images for images, _ in _pairs(x, None)])
    return []


def _rows_of(parts: Sequence[Any]) -> list[str]:
    with contextlib.suppress(Exception):
        if all(part.ndim == 4 for part in parts):
            rows = (row for part in parts for row in part)
            return [row_digest(row) for row in itertools.islice(rows, MAX_ROWS)]
    return []


def _examples(x: Any, y: Any, *, with_features: bool) -> dict[str, list[Any]]:
    """Tell what a training learns from.

    All of one look at it: a data set that shuffles shows its examples in another order at the next one.

    Args:
        x: Images or features, or a data set with labels.
        y: Labels, or None.
        with_features: Whether to tell those, too.

    Returns:
        `rows` (a digest of each image), `labels` (one whole number an example) and `features` (an array with some
        numbers an example, in a list), each empty where it cannot be told.
    """
    pairs: list[tuple[Any, Any]] = []
    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        pairs = list(_pairs(x, y))
    if not pairs:
        return {"rows": _rows(x), "labels": []}
    images, labels = zip(*pairs, strict=True)
    told: dict[str, list[Any]] = {"rows": _rows_of(images), "labels": _labels_of(labels)}
    if with_features:
        told["features"] = _features_of(images)
    return told


def _labels_of(parts: Sequence[Any]) -> list[int]:
    import numpy as np

    with contextlib.suppress(Exception):
        labels = np.concatenate(parts)
        if labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
            return [int(label) for label in labels.reshape(-1)[:MAX_ROWS]]
    return []


def _features_of(parts: Sequence[Any]) -> list[Any]:
    """Return an array with a few numbers an example by which it can be known again: of maps their means."""
    import numpy as np

    with contextlib.suppress(Exception):
        pooled = [part.mean(axis=(1, 2)) if part.ndim == 4 else part for part in parts]
        features = np.concatenate(pooled)[:MAX_ROWS].astype(np.float32)
        if features.ndim == 2 and features.size <= MAX_PARAMETERS:
            return [features]
    return []


def row_digest(row: Any) -> str:
    """Return a short digest of an image, whatever type of number it is kept in."""
    import numpy as np

    return hashlib.sha256(np.ascontiguousarray(row, dtype=np.float32).tobytes()).hexdigest()[:12]


def described(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """Write a model down as plain data, with what it predicts for inputs that everybody draws alike.

    Args:
        model: A built keras.Model.

    Returns:
        Its `description`, or why it is `not_described`, and its flags, one an array; and its arrays, then its outputs.
    """
    from transferlab import portable
    from transferlab.portable_parts import Refused

    outputs: list[Any] = []
    with contextlib.suppress(Exception):  # first, as some layers make variables only when they are called
        outputs = portable.outputs_of(model, portable.drawn_inputs(model))
    trainable = {id(variable) for variable in model.trainable_variables}
    answer = {"trainable": [id(variable) in trainable for variable in model.weights], "description": ""}
    try:
        answer["description"], arrays = portable.describe(model)
        outputs = outputs or portable.outputs_of(model, portable.drawn_inputs(model))
        return answer | {"not_described": ""}, [*arrays, *outputs]
    except Refused as refused:
        problem = str(refused)
    except Exception as error:  # noqa: BLE001 (a model may hold anything)
        problem = f"the model cannot be described, or predicts nothing ({type(error).__name__})"
    return answer | {"not_described": problem}, arrays_of(model)


def predict(model: Any, x: Any) -> tuple[list[Any], list[Any]]:
    """Return a model's outputs on some images, as it predicts, and its arrays."""
    import numpy as np

    from transferlab import portable

    parts = [portable.outputs_of(model, x[start : start + 100]) for start in range(0, len(x), 100)]

    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)], arrays_of(model)


@contextlib.contextmanager
def mended(namespace: dict[str, Any], fallbacks: dict[str, Any]) -> Iterator[None]:
    """Have functions of the notebook that raise, or return nothing, do no harm while a later one is judged.

    What they do otherwise stays as it is: no answer of ours ever enters a kernel.

    Args:
        namespace: The notebook's names.
        fallbacks: Name of a function to what it gives where it gives nothing: a dictionary, of which it also gets the
            entries that its own lacks; None: its first argument.
    """
    own = {name: namespace[name] for name in fallbacks if callable(namespace.get(name))}
    ours = {name: _mended(function, fallbacks[name]) for name, function in own.items()}
    namespace.update(ours)
    try:
        yield
    finally:
        namespace.update({name: own[name] for name in own if namespace.get(name) is ours[name]})


def _mended(function: Callable[..., Any], fallback: dict[str, Any] | None) -> Callable[..., Any]:
    @functools.wraps(function)
    def mended_function(*args: Any, **kwargs: Any) -> Any:
        found = None
        with contextlib.suppress(Exception):  # the slip is charged where this function is judged
            found = function(*args, **kwargs)
        if fallback is None:
            return next(iter((*args, *kwargs.values())), None) if found is None else found
        return {**fallback, **found} if isinstance(found, dict) else dict(fallback)

    return mended_function


def layer_flags(model: Any, frozen: list[int] | None, *, one_by_one: bool = False) -> list[dict[str, Any]]:
    """Describe the layers of a model without their arrays; first set all their flags, if asked to.

    Args:
        model: A Keras model.
        frozen: Positions in `model.layers` of the layers to freeze, all others become trainable; None: change nothing.
        one_by_one: Leave the flag of the model as a whole as it is.

    Returns:
        One entry a layer: its name, its class, its number of parameters, and how many of them are in variables that a
        model around it would train.
    """
    if frozen is not None:
        if not one_by_one:
            model.trainable = True
        for position, layer in enumerate(model.layers):
            layer.trainable = position not in frozen
    return [
        {
            "name": str(layer.name)[:100],
            "class": type(layer).__name__[:100],
            "parameters": sum(_size(variable) for variable in layer.weights),
            "trainable": sum(_size(variable) for variable in layer.weights if variable.trainable),
        }
        for layer in model.layers[:2_000]
    ]


NOTED = ("epochs", "seconds", "epoch_seconds", "accuracy", "val_accuracy", "reports", "steps", "rate", "rows", "labels")


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
            **{key: found[key] for key in (*NOTED, "outer_seconds", "trainable")},
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


def fit(model: Any, x: Any, y: Any, batch_size: int, *, traced: bool) -> dict[str, list[float]]:
    """Train for one epoch, compiled as the model is.

    Args:
        model: A compiled keras.Model.
        x: Images (n, height, width, channels).
        y: Labels (n,).
        batch_size: Images a step.
        traced: Trace a graph, and leave it with the model. Otherwise a model that has none trains eagerly, which moves
            the same arrays in a fraction of the time. One that has been trained keeps its graph in any case: that may
            hold flags that have changed since.

    Returns:
        What `fit` recorded: name to one value.
    """
    eagerly = not traced and getattr(model, "train_function", None) is None
    with _eager(model) if eagerly else contextlib.nullcontext():
        history = model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, shuffle=False)
    return {key: [float(value) for value in record] for key, record in history.history.items()}


def evaluate(model: Any, x: Any, y: Any) -> dict[str, float]:
    """Return what `evaluate` says, computed eagerly; the model keeps the graphs that it has."""
    before, function = model.run_eagerly, model.test_function
    model.run_eagerly, model.test_function = True, None
    try:
        found = model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    finally:
        model.run_eagerly, model.test_function = before, function
    return {str(name): float(value) for name, value in found.items()}


@contextlib.contextmanager
def _eager(model: Any) -> Iterator[None]:
    """Have a model train eagerly, and leave it as one that was never trained."""
    before = model.run_eagerly
    model.run_eagerly = True
    try:
        yield
    finally:
        model.run_eagerly, model.train_function = before, None


def part(model: Any, content: dict[str, Any]) -> Any:
    """Return a model or layer that shares its layers with a model.

    Args:
        model: A Keras model.
        content: `layer`: the position of the layer to return. `until`: the name of the layer to end at, with the `name`
            of the new model and its flag `trainable`. `again`: the position of a layer that is used once more behind
            the model, in a model around both.
    """
    import keras

    if "layer" in content:
        return model.layers[content["layer"]]
    if "again" in content:
        inputs = keras.Input(model.input_shape[1:])
        return keras.Model(inputs, model.layers[content["again"]](model(inputs)))
    until = keras.Model(model.inputs, model.get_layer(content["until"]).output, name=content.get("name"))
    # As a whole, as a student freezes it: Keras leaves the layers alone when a model's own flag does not change.
    until.trainable = content["trainable"]
    return until


def _size(variable: Any) -> int:
    size = 1
    for side in variable.shape:
        size *= int(side)
    return size


def arrays_of(model: Any) -> list[Any]:
    """Return the arrays of a model, in dtypes that can be carried."""
    from transferlab import portable

    return portable.arrays_of(model)


def _arrays(model: Any) -> list[Any]:
    if sum(_size(variable) for variable in model.weights) > MAX_PARAMETERS:
        return []
    return [array.copy() for array in arrays_of(model)]


def _array(variable: Any) -> Any:
    import numpy as np

    return np.asarray(variable).copy()
