"""Make TensorFlow's tracing quicker. What is traced, less what nobody asks for, and every result stay the same.

The first training step of a small network costs more than an epoch: TensorFlow builds its graph operation by operation
in Python. Five things there take time for nothing:

- Keras's tape records every layer, frozen or not, and the backward pass of a frozen backbone is then built (or, in
  eager mode, run) although no gradient in it is asked for. Here the tape watches the weights that are to be trained.
- A stack trace is kept for each operation. Without it, an error in a graph lacks its list of frames inside Keras.
- For each type that is allowed, the list of those that are is put into words, in case it were not.
- For each operation, a search for the variables it touches, even where no input of it is a variable.
- For each name that is converted between text and bytes, the codec is looked up, though it is UTF-8.

All of this is TensorFlow's and Keras's own business, so each part is left as it is where it does not look as expected.
"""

import contextlib
import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


def install() -> None:
    """Install all five, once."""
    from keras.src.backend.tensorflow import trainer
    from tensorflow.python.framework import auto_control_deps, op_def_library, ops

    if not isinstance(trainer.tf, _TensorFlow):
        _watch_trainable_weights_only(trainer)
        _keep_no_stack_traces(ops)
        _check_types_without_words(op_def_library)
        _skip_operations_without_variables(auto_control_deps)
        _convert_text_directly()


class _TensorFlow:
    """TensorFlow, as Keras's trainer sees it: with a tape that knows which model's step it records."""

    def __init__(self, tensorflow: ModuleType) -> None:
        self._tensorflow = tensorflow
        self._training = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensorflow, name)

    @contextlib.contextmanager
    def training(self, model: Any) -> Iterator[None]:
        """Have the tapes of this thread watch the trainable weights of `model` only."""
        before = getattr(self._training, "model", None)
        self._training.model = model
        try:
            yield
        finally:
            self._training.model = before

    @contextlib.contextmanager
    def GradientTape(self) -> Iterator[Any]:  # noqa: N802 (as in TensorFlow)
        model = getattr(self._training, "model", None)
        with self._tensorflow.GradientTape(watch_accessed_variables=model is None) as tape:
            for variable in model.trainable_weights if model is not None else ():
                tape.watch(variable.value)
            yield tape


def _watch_trainable_weights_only(trainer: ModuleType) -> None:
    step = trainer.TensorFlowTrainer.train_step
    if "tf.GradientTape() as tape" not in inspect.getsource(step):
        return
    tensorflow = _TensorFlow(trainer.tf)

    @functools.wraps(step)
    def train_step(model: Any, data: Any) -> Any:
        # A layer of somebody's own might make weights, or change flags, while it is called.
        plain = model.built and all(type(layer).__module__.startswith("keras.") for layer in model._flatten_layers())  # noqa: SLF001
        with tensorflow.training(model if plain else None):
            return step(model, data)

    trainer.tf = tensorflow  # type: ignore[attr-defined]
    trainer.TensorFlowTrainer.train_step = train_step


def _keep_no_stack_traces(ops: ModuleType) -> None:
    create = getattr(ops, "_create_c_op", None)
    if create is not None and "extract_traceback" in inspect.signature(create).parameters:
        ops._create_c_op = functools.partial(create, extract_traceback=False)  # type: ignore[attr-defined]  # noqa: SLF001


def _check_types_without_words(library: ModuleType) -> None:
    check = getattr(library, "_SatisfiesTypeConstraint", None)
    if check is None or [*inspect.signature(check).parameters] != ["dtype", "attr_def", "param_name"]:
        return

    @functools.wraps(check)
    def check_quickly(dtype: Any, attr_def: Any, param_name: str) -> None:
        if attr_def.HasField("allowed_values") and dtype not in attr_def.allowed_values.list.type:
            check(dtype, attr_def, param_name)

    library._SatisfiesTypeConstraint = check_quickly  # type: ignore[attr-defined]  # noqa: SLF001


def _skip_operations_without_variables(dependencies: ModuleType) -> None:
    from tensorflow.python.framework import dtypes

    find = getattr(dependencies, "_get_resource_inputs", None)
    if find is None or [*inspect.signature(find).parameters] != ["op"]:
        return
    handles = (dtypes.resource, dtypes.variant)

    @functools.wraps(find)
    def find_quickly(op: Any) -> Any:
        return find(op) if any(tensor.dtype in handles for tensor in op.inputs) else ()

    dependencies._get_resource_inputs = find_quickly  # type: ignore[attr-defined]  # noqa: SLF001


def _convert_text_directly() -> None:
    """TensorFlow looks up the codec of every name of an operation that it converts; most are converted in a line."""
    from tensorflow.python.util import compat

    slow_text, slow_bytes = compat.as_text, compat.as_bytes

    @functools.wraps(slow_text)
    def as_text(value: Any, encoding: str = "utf-8") -> Any:
        return value if type(value) is str and encoding == "utf-8" else slow_text(value, encoding)

    @functools.wraps(slow_bytes)
    def as_bytes(value: Any, encoding: str = "utf-8") -> Any:
        if encoding == "utf-8" and type(value) is str:
            return value.encode()
        return value if encoding == "utf-8" and type(value) is bytes else slow_bytes(value, encoding)

    _replace({slow_text: as_text, slow_bytes: as_bytes})


def _replace(functions: dict[Callable[..., Any], Callable[..., Any]]) -> None:
    """Put functions in the place of others in all modules of TensorFlow that have imported them by name."""
    for module in [module for name, module in sys.modules.items() if name.startswith("tensorflow.")]:
        for name in ("as_text", "as_bytes", "as_str"):
            if (function := functions.get(vars(module).get(name))) is not None:  # type: ignore[arg-type]
                setattr(module, name, function)
