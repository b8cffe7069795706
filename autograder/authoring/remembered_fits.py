"""Trainings that forks of one process have in common, done once: hundreds of submissions train the same baseline.

The cells of a golden submission or a mutant begin with the same seeds, so most of their trainings begin with the same
weights, see the same arrays and draw the same numbers, bit for bit. Such a `fit` of Keras leaves what it left before:
arrays, history and generators are put in place instead of being computed. Only where everything that decides a
training is known is it remembered: built-in layers, losses and metrics, NumPy arrays, nobody's callbacks. For code of
one's own, like all that runs without a seal; a class is never graded so.
"""

import contextlib
import functools
import inspect
import json
import pickle
import random
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from autograder.course.whole_files import write_whole
from autograder.kernels.cell_trainings import is_judges_clock

_OURS = ("keras", "transferlab")
"""Where code comes from that is the same for all submissions."""
_traced: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
"""By training step: how the layers of its model were when it was traced."""
_folders: list[Path] = []
"""Where trainings are kept; empty while none are."""


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Remember trainings while the context lasts, in this process and its forks."""
    with tempfile.TemporaryDirectory(prefix="trainings-") as folder:
        _folders.append(Path(folder))
        try:
            yield
        finally:
            _folders.pop()


def install() -> None:
    """Wrap Keras's `fit`; without `remembering` it does what it did."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    original: Any = TensorFlowTrainer.fit
    if hasattr(original, "remembers"):
        return
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        if not _folders:
            return original(model, *args, **kwargs)
        described = functools.cache(functools.partial(_described, model))  # takes long for a network of many layers
        _make_up_for(model, described)
        training = _training(signature, model, args, kwargs, described)
        if training is None:
            return original(model, *args, **kwargs)
        place = _folders[-1] / f"{training.digest()}.pickle"
        known = pickle.loads(place.read_bytes()) if place.is_file() else None  # noqa: S301 (written below)
        if known is not None and training.put_in_place(known, functools.partial(original, **training.alone)):
            return model.history
        started = time.process_time()
        history = original(model, *args, **kwargs)
        computed = time.process_time() - started
        if model.train_function is not None:
            _traced[model.train_function] = described()
        if history.epoch == list(range(training.given["initial_epoch"], training.given["epochs"])):
            write_whole(place, pickle.dumps(training.known(history, computed)))
        return history

    fit.remembers = True  # type: ignore[attr-defined]
    TensorFlowTrainer.fit = fit


@dataclass(frozen=True)
class _Known:
    """What a training left behind."""

    arrays: list[Any]
    history: dict[str, list[float]]
    params: dict[str, Any]
    generators: Any
    held: list[dict[str, Any]]
    """By what the judge moves the model, of each clock: see `moving.Moved`."""
    lasted: list[tuple[float, float]]
    """Seconds of each epoch, for training without what the judge waited, and for what comes behind."""


@dataclass(frozen=True)
class _Training:
    """A call of `fit` of which all is known that decides what comes of it."""

    model: Any
    given: dict[str, Any]
    described: Callable[[], Any]
    """How the layers are before."""

    @property
    def alone(self) -> dict[str, Any]:
        """What `fit` is given, without anybody who is told of it."""
        return self.given | {"callbacks": None}

    @property
    def _clocks(self) -> list[Any]:
        return [callback.judges_clock for callback in self.given["callbacks"] or ()]

    @property
    def _movers(self) -> list[Any]:
        return [clock.moved for clock in self._clocks if clock.moved is not None]

    def known(self, history: Any, computed: float) -> _Known:
        """Return what it has left, right after it.

        Args:
            history: What `fit` returned.
            computed: Seconds of a processor that it took.
        """
        held = [moved.held for moved in self._movers]
        lasted = [
            (trained - waited, whole - trained)
            for clock in self._clocks[:1]
            for (trained, _, whole), waited in zip(clock.epoch_seconds, clock.judges_seconds, strict=True)
        ]
        # on a busy machine it had a share of a processor, and would last so much shorter on another
        share = min(computed / max(sum(map(sum, lasted)), 1e-9), 1.0)
        lasted = [(share * trained, share * behind) for trained, behind in lasted]
        return _Known(_arrays(self.model), dict(history.history), dict(history.params), _generators(), held, lasted)

    def digest(self) -> str:
        """Return the same for trainings that leave the same behind, and for no others."""
        model = self.model
        plain = {name: value for name, value in self.alone.items() if name != "self"}
        compiled = {**model.get_compile_config(), "optimizer": _optimizer(model.optimizer)}
        moved = [(moved.held, moved.sample) for moved in self._movers]
        described = json.dumps(self.described(), default=joblib.hash)  # many small values, which joblib hashes slowly
        asked = (described, compiled, _arrays(model), _generators(), plain, moved)
        return str(joblib.hash(asked, hash_name="sha1"))

    def put_in_place(self, known: _Known, train: Callable[[], Any]) -> bool:
        """Leave behind what a training left, and tell the judge's clocks; say whether that could be done.

        Args:
            known: What it left.
            train: Does it in earnest.
        """
        import keras

        model = self.model
        _build(model, self.given)
        begun = _Begun(model, train, _arrays(model), _generators(), self.described(), _flags(model))
        if [array.shape for array in known.arrays] != [tuple(variable.shape) for variable in _variables(model)]:
            return False
        told = keras.callbacks.CallbackList(self.given["callbacks"], add_history=True, model=model, **known.params)
        model.stop_training = False
        with self._waiting_only():
            self._tell(told, known)
        for moved, held in zip(self._movers, known.held, strict=True):
            moved.hold(held)
        _assign(model, known.arrays)
        _set_generators(known.generators)
        if model.train_function not in _traced:
            model.train_function = _Untraced(begun)
        return True

    @contextlib.contextmanager
    def _waiting_only(self) -> Iterator[None]:
        for moved in self._movers:
            moved.only_waits = True
        try:
            yield
        finally:
            for moved in self._movers:
                moved.only_waits = False

    def _tell(self, told: Any, known: _Known) -> None:
        """Let it last as long as it did: what students and judge measure is compared."""
        logs: dict[str, float] = {}
        told.on_train_begin()
        for number, epoch in enumerate(range(self.given["initial_epoch"], self.given["epochs"])):
            trained, behind = known.lasted[number] if number < len(known.lasted) else (0.0, 0.0)
            told.on_epoch_begin(epoch)
            told.on_train_batch_end(0)
            time.sleep(max(trained, 0.0))
            logs = {name: values[number] for name, values in known.history.items()}
            if any(name.startswith("val_") for name in logs):
                told.on_test_begin()
                told.on_test_end()
            time.sleep(max(behind, 0.0))
            told.on_epoch_end(epoch, logs)
        told.on_train_end(logs)


@dataclass(frozen=True)
class _Begun:
    """How a model was before a training that has been put in place, to train it after all."""

    model: Any
    train: Callable[[], Any]
    arrays: list[Any]
    generators: Any
    described: Any
    flags: list[bool]


@dataclass(frozen=True, eq=False)
class _Untraced:
    """Stands where Keras keeps the training step that it traced, as the layers were then, and uses until `compile`."""

    begun: _Begun

    def __call__(self, iterator: Any) -> Any:
        """Make the step, and train with it."""
        model = self.begun.model
        _make_up_for(model, functools.partial(_described, model))
        if model.train_function is self:
            model.train_function = None
            model.make_train_function()
        _traced[model.train_function] = self.begun.described
        return model.train_function(iterator)


def _make_up_for(model: Any, described: Callable[[], Any]) -> None:
    """Where layers have been changed since a training was put in place, and not compiled: have it traced as it was."""
    stand_in = model.train_function
    if not isinstance(stand_in, _Untraced) or stand_in.begun.described == described():
        return
    begun, flags, history = stand_in.begun, _flags(model), model.history
    arrays, generators = _arrays(model), _generators()
    _set_flags(model, begun.flags)
    _assign(model, begun.arrays)
    _set_generators(begun.generators)
    model.train_function = None
    begun.train()
    _set_flags(model, flags)
    _assign(model, arrays)
    _set_generators(generators)
    model.history = history


def _training(
    signature: inspect.Signature, model: Any, args: Any, kwargs: Any, described: Callable[[], Any]
) -> _Training | None:
    """Return a call of `fit` if all is known that decides it."""
    import keras
    import tensorflow as tf

    try:
        bound = signature.bind(model, *args, **kwargs)
    except TypeError:
        return None  # Keras says what is wrong
    bound.apply_defaults()
    given = dict(bound.arguments)
    is_known = (
        type(model) in (keras.Sequential, keras.Model, keras.src.models.functional.Functional)
        and model.built
        and model.compiled
        and len(model.outputs) == 1
        and not model.run_eagerly
        and not tf.config.functions_run_eagerly()
        and all(map(_is_built_in, _layers(model)))
        and _is_plain(model._compile_config.config)  # noqa: SLF001 (what `compile` was given)
        and not _names_others(model.get_compile_config())
        and given["verbose"] == 0
        and isinstance(given["x"], np.ndarray)
        and isinstance(given["y"], np.ndarray)
        and _is_plain({name: value for name, value in given.items() if name not in ("self", "callbacks")})
        and _are_clocks(given["callbacks"])
        and _has_parts(given["validation_data"])
    )
    is_known = is_known and not _names_others(described()[0]) and _is_step_as(described, model)
    return _Training(model, given, described) if is_known else None


def _is_step_as(described: Callable[[], Any], model: Any) -> bool:
    """Whether a training step traced now would be the one that `fit` uses."""
    step = model.train_function
    return step is None or isinstance(step, _Untraced) or _traced.get(step) == described()


def _are_clocks(callbacks: Any) -> bool:
    """Whether nobody but the judge is told of the training, and it only looks on or moves what is known."""
    given = () if callbacks is None else callbacks
    return isinstance(given, list | tuple) and all(map(is_judges_clock, given))


def _has_parts(validation_data: Any) -> bool:
    return validation_data is None or (isinstance(validation_data, tuple | list) and len(validation_data) == 2)


def _is_built_in(layer: Any) -> bool:
    kind = type(layer)
    return kind.__module__.startswith(_OURS) and kind.__name__ != "Lambda" and "call" not in vars(layer)


def _names_others(config: Any) -> bool:
    """Whether a configuration names what somebody wrote: an activation, say, of which it does not hold the code."""
    if isinstance(config, dict):
        where = config.get("module") or config.get("registered_name") or ""  # no module: what is registered by name
        if "module" in config and not where.startswith(_OURS):
            return True
        config = list(config.values())
    return isinstance(config, list | tuple) and any(map(_names_others, config))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if value is None or isinstance(value, str | int | float | np.number):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    named = value if callable(value) and hasattr(value, "__module__") else type(value)
    return str(named.__module__).startswith("keras.")


def _build(model: Any, given: dict[str, Any]) -> None:
    """Make the variables that the first step of a training makes."""
    import keras

    from autograder.kernels.inner.quick_fit import make_variables

    rows = [given["x"], given["y"], *([] if given["sample_weight"] is None else [given["sample_weight"]])]
    make_variables(model, [keras.KerasTensor((None, *row.shape[1:]), _standard(row)) for row in rows])


def _standard(array: Any) -> str:
    """Name the type in which Keras hands an array on."""
    import keras

    return keras.config.floatx() if array.dtype.kind == "f" else str(keras.backend.standardize_dtype(array.dtype))


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers(include_self=False))  # noqa: SLF001 (`layers` leaves out what lies deeper)


def _described(model: Any) -> Any:
    """What of a model decides which step is traced: not its names, which say how many models there were before."""
    config = model.get_config()
    return _renamed(config, {name: str(number) for number, name in enumerate(_names(config))}), _flags(model)


_NAMING = ("name", "input_layers", "output_layers", "keras_history")


def _names(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if isinstance(config.get("name"), str) and ("trainable" in config or "batch_shape" in config):
            yield config["name"]
        config = list(config.values())
    if isinstance(config, list | tuple):
        for value in config:
            yield from _names(value)


def _renamed(config: Any, names: dict[str, str], *, is_name: bool = False) -> Any:
    if isinstance(config, dict):
        return {
            key: _renamed(value, names, is_name=key in _NAMING or (is_name and not isinstance(value, dict)))
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return [_renamed(value, names, is_name=is_name) for value in config]
    return names.get(config, config) if is_name and isinstance(config, str) else config


def _flags(model: Any) -> list[bool]:
    return [bool(layer.trainable) for layer in (model, *_layers(model))]


def _set_flags(model: Any, flags: list[bool]) -> None:
    for layer, flag in zip((model, *_layers(model)), flags, strict=True):  # outer ones first: they set the inner ones
        layer.trainable = flag


def _optimizer(optimizer: Any) -> Any:
    config = {key: value for key, value in optimizer.get_config().items() if key != "name"}
    return type(optimizer).__name__, config, optimizer.built


def _variables(model: Any) -> list[Any]:
    found = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in found}.values())


def _arrays(model: Any) -> list[Any]:
    return [np.array(variable) for variable in _variables(model)]


def _assign(model: Any, arrays: list[Any]) -> None:
    for variable, array in zip(_variables(model), arrays, strict=True):
        variable.assign(array)


def _generators() -> Any:
    """Return the states of all generators of random numbers that are everybody's."""
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context

    runtime: Any = context.context()
    keras_own = global_state.get_global_attribute("global_seed_generator")
    drawn = getattr(runtime, "_rng", None)
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002 (the one that Keras and students use)
        "tensorflow": (runtime._seed, drawn and drawn.getstate()),  # noqa: SLF001 (no public way to ask)
        "keras": None if keras_own is None else np.array(keras_own.state),
    }


def _set_generators(states: Any) -> None:
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context

    runtime: Any = context.context()
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002
    seed, drawn = states["tensorflow"]
    runtime._seed = seed  # noqa: SLF001
    if drawn is not None:
        runtime._rng = random.Random(seed)  # noqa: SLF001, S311 (as TensorFlow has it)
        runtime._rng.setstate(drawn)  # noqa: SLF001
    keras_own = global_state.get_global_attribute("global_seed_generator")
    if keras_own is not None and states["keras"] is not None:
        keras_own.state.assign(states["keras"])
