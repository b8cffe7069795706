"""Make Keras's `fit` quicker in three places. Nothing but the time it takes changes.

Keras makes the variables of the optimizer and of the metrics inside the first training step. TensorFlow then traces
that step a second time, without them; for a small network on a small data set, that is most of what `fit` costs. Here
they are made right before that step, from the same flags and shapes. Where anything is unusual (a `train_step` of the
student's own, several outputs, eager mode) Keras is left to itself.

Each epoch makes two iterators for the training images and two for the validation images, and uses one of either. For
each, TensorFlow optimizes the small functions of its input pipeline anew, which takes longer than to run them. So the
unused ones are not made, and these functions are left as they are.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any


def install() -> None:
    """Wrap the function that makes Keras's training function; a Keras without it is left as it is."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    make = getattr(TensorFlowTrainer, "_make_function", None)
    if make is None or hasattr(make, "__wrapped__"):
        return

    @functools.wraps(make)
    def make_prepared(model: Any, step: Callable[..., Any]) -> Callable[..., Any]:
        function: Callable[..., Any] = make(model, step)
        if getattr(step, "__func__", None) is not TensorFlowTrainer.train_step or model.run_eagerly:
            return function
        is_prepared = False

        @functools.wraps(function)
        def prepared(iterator: Any) -> Any:
            nonlocal is_prepared
            if not is_prepared:
                is_prepared = True
                with contextlib.suppress(Exception):  # the step itself will say what is wrong, in Keras's own words
                    make_variables(model, _description(iterator))
            return function(iterator)

        return prepared

    TensorFlowTrainer._make_function = make_prepared  # noqa: SLF001 (Keras has no public place for this)
    _install_single_iterators()
    _leave_input_pipelines_alone()


def _install_single_iterators() -> None:
    """Spare the iterator that Keras makes at the end of an epoch, to make another at the start of the next one."""
    from keras.src.trainers.epoch_iterator import EpochIterator

    enumerate_steps = getattr(EpochIterator, "_enumerate_iterator", None)
    if enumerate_steps is None:
        return

    @functools.wraps(enumerate_steps)
    def enumerate_with_one(epoch: Any) -> Iterator[Any]:
        for step in enumerate_steps(epoch):
            yield step
            if epoch.steps_per_epoch is None and epoch._steps_seen >= (epoch._num_batches or math.inf):  # noqa: SLF001
                epoch._steps_seen = 0  # noqa: SLF001 (after the last step, this is what it asks)

    EpochIterator._enumerate_iterator = enumerate_with_one  # noqa: SLF001


def _leave_input_pipelines_alone() -> None:
    """Have TensorFlow's runtime, whenever a kernel first needs it, not optimize the functions of input pipelines.

    These take their settings from what holds while the runtime starts. All other functions, training steps first, bring
    the settings of the moment they are called with them, and are optimized as ever. The runtime is not started here:
    in a fresh kernel, a student can still choose devices and threads.
    """
    from tensorflow.python.eager import context

    start = getattr(context.Context, "ensure_initialized", None)
    if start is None or hasattr(start, "__wrapped__"):
        return

    @functools.wraps(start)
    def start_without_optimizing(runtime: Any) -> None:
        if runtime._initialized:  # noqa: SLF001 (asked before every operation)
            return
        chosen = dict(runtime._optimizer_experimental_options)  # noqa: SLF001
        try:
            if "disable_meta_optimizer" not in chosen:
                runtime.set_optimizer_experimental_options({"disable_meta_optimizer": True})
            start(runtime)
        finally:
            runtime._optimizer_experimental_options.clear()  # noqa: SLF001
            runtime.set_optimizer_experimental_options(chosen)

    context.Context.ensure_initialized = start_without_optimizing


def _description(iterator: Any) -> list[Any]:
    """Describe what a training step reads, without reading it: one KerasTensor for images, labels, and weights if any.

    Args:
        iterator: A tf.data.Iterator.
    """
    import keras

    return [
        keras.KerasTensor(spec.shape, keras.backend.standardize_dtype(spec.dtype)) for spec in iterator.element_spec
    ]


def make_variables(model: Any, symbols: Sequence[Any]) -> None:
    """Do what the first training step would do beside training.

    Args:
        model: A compiled keras.Model.
        symbols: A keras.KerasTensor each for images, labels, and weights if there are any.
    """
    from keras.src.backend import compute_output_spec

    if not model.built or len(getattr(model, "outputs", None) or ()) != 1:
        return
    metrics = model._compile_metrics  # noqa: SLF001
    if metrics is not None and not metrics.built:
        x, y, *weight = symbols
        compute_output_spec(model.compute_metrics, x, y, model.outputs[0], *weight)
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
