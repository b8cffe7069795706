"""The judge's hands inside a student's kernel: call a name, read a name, build, describe and fit a model.

Stand-alone: loaded by path from beside the kernel template before any student code runs; imports nothing of
`autograder`.

Student code shares this process and can change everything here. That is expected: the probe holds no expected value
and no verdict, it only carries questions in and answers out, and whoever forges an answer has to know the right one.
Decisions are made outside.

`handle` is called by the kernel for each `probe_request` message. Operations (`content["op"]`):

    call       name, args, kwargs            -> {"returned": node} | {"raised": {...}}, printed, seconds, inputs_after
    read       name                          -> {"value": node} | {"missing": true}
    load       backbone, weights             -> {"value": handle}         transferlab.load_backbone
    build      config, (weights as buffers)  -> {"value": handle}         a model of the judge's, optionally compiled
    part       model, layer | until | again  -> {"value": handle}         see `asked_models.part`
    describe   model                         -> description, weights, flags, what it predicts, compile state
    predict    model, x                      -> outputs, and the arrays they were computed with
    fit        model, x, y, batch_size, traced -> history
    evaluate   model, x, y                   -> what `evaluate` says
    shared     model, other                  -> how many arrays of the one are arrays of the other
    watch      name, args, config            -> as `call`, and every `fit` it made; the function is given, as its first
                                                argument, one that makes a fresh model of `config` at each call
    noted      -                             -> what the cells so far have trained and shown, see `cell_trainings`
    stand_in   name, code                    -> puts a right function in the place of one that is wrong
    note_calls name                          -> from now on, notes what cells get from a function, see `own_calls`
    own_calls  name                          -> what has been noted: arguments, answers, numbers of trainings
    made       name, call, position          -> {"returned": node} of a function among the arguments of a noted call
    layers     model, frozen (optional)      -> flags and sizes of its layers, after setting them if asked to
    figures    -                             -> what the figures drawn so far show
    forget     -                             -> drops all handles
"""

import contextlib
import importlib.util
import io
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if __package__:
    from autograder.kernels import asked_models, cell_trainings, figures, moving, own_calls, trainings, values
else:  # inside a template: loaded by path, under names no student's file has

    def _beside(name: str) -> Any:
        specification = importlib.util.spec_from_file_location(f"kernel_{name}", Path(__file__).with_name(f"{name}.py"))
        if specification is None or specification.loader is None:
            raise ImportError(f"{name}.py is missing beside probe.py")
        module = importlib.util.module_from_spec(specification)
        sys.modules[f"kernel_{name}"] = module
        specification.loader.exec_module(module)
        return module

    figures, values, asked_models = _beside("figures"), _beside("values"), _beside("asked_models")
    _beside("examples")
    moving = _beside("moving")
    trainings, cell_trainings, own_calls = _beside("trainings"), _beside("cell_trainings"), _beside("own_calls")

MAX_PRINTED = 2_000

_handles: dict[str, Any] = {}
Answer = tuple[dict[str, Any], list[bytes]]

watch_displays = figures.watch_displays
forget_figures = figures.forget
displayed = figures.displayed


def before_cells() -> None:
    """Begin to note what cells do: another notebook begins."""
    own_calls.forget()
    cell_trainings.begin()


def after_cell(*args: Any) -> None:
    """Note what a cell has left behind: figures, and that trainings are to be watched from now on."""
    trainings.note_notebook()
    figures.note_open(*args)


def handle(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Carry out one operation in the student's kernel. Never raises: what goes wrong is part of the answer."""
    try:
        with cell_trainings.aside(), trainings.asking():
            return _OPERATIONS[content["op"]](content, buffers, namespace)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt of student code: the kernel must answer
        return {"failed": _raised(error)}, []
    finally:
        figures.asked()


def _handle_for(value: object) -> values.Handle | None:
    """Keras models and layers stay here; the judge gets a handle."""
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(value, keras.layers.Layer):
        return None
    return values.Handle(_known(value) or _keep(value), values.type_name(value))


def _known(value: object) -> str | None:
    return next((known for known, kept in _handles.items() if kept is value), None)


def _keep(value: object) -> str:
    identifier = f"h{len(_handles)}"
    _handles[identifier] = value
    return identifier


def _decoder(buffers: Sequence[bytes]) -> values.Decoder:
    return values.Decoder(buffers, lambda found: _handles[found.id], _data_frame)


def _data_frame(table: values.Table) -> Any:
    """Student functions take tables as pandas knows them."""
    import pandas as pd

    return pd.DataFrame(table.columns, index=table.index)


def _raised(error: BaseException) -> dict[str, Any]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    cells = [frame for frame in frames if "ipykernel" in frame.filename or "<ipython" in frame.filename]
    try:
        message = str(error)
    except Exception:  # a student's own exception class may fail to print
        message = ""
    return {
        "type": type(error).__name__[:100],
        "bases": [base.__name__[:100] for base in type(error).__mro__][:20],
        "message": message[:1_000],
        "line": ((cells[-1].line if cells else "") or "")[:200],
        "function": (cells[-1].name if cells else "")[:100],
    }


def _call(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    name = content["name"]
    if name not in namespace:
        return {"missing": True}, []
    decoder = _decoder(buffers)
    args = [decoder.decode(node) for node in content["args"]]
    kwargs = {key: decoder.decode(node) for key, node in content["kwargs"].items()}
    return _timed(lambda: namespace[name](*args, **kwargs), (args, kwargs) if content.get("inputs_after") else None)


def _timed(run: Callable[[], Any], inputs: Any) -> Answer:
    """Run student code; report what it returned or raised, printed, took in time, and left of its inputs."""
    printed = io.StringIO()
    encoder = values.Encoder(_handle_for)
    answer: dict[str, Any] = {}
    started = time.perf_counter()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = run()
    except BaseException as error:  # whatever student code raises is an answer
        answer["raised"] = _raised(error)
    answer["seconds"] = time.perf_counter() - started
    if "raised" not in answer:
        answer["returned"] = _encoded(encoder, result)
    answer["printed"] = printed.getvalue()[:MAX_PRINTED]
    if inputs is not None:
        answer["inputs_after"] = _encoded(encoder, list(inputs))
    return answer, encoder.buffers


def _encoded(encoder: values.Encoder, value: Any) -> dict[str, Any]:
    """Encode a value; one that resists, with an `__array__` or `__iter__` that raises, is named instead of carried."""
    try:
        return encoder.encode(value)
    except Exception:  # not an exception of the call: it had returned
        return {"k": "other", "type": values.type_name(value), "text": "it cannot be read"}


def _read(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    if content["name"] not in namespace:
        return {"missing": True}, []
    encoder = values.Encoder(_handle_for)
    value = namespace[content["name"]]
    return {"value": encoder.encode(_without_histories(value)), "callable": callable(value)}, encoder.buffers


def _without_histories(value: Any) -> Any:
    """Replace what `fit` returns by its plain record, also inside a dict or list."""
    if isinstance(value, dict):
        return {key: _without_histories(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_histories(part) for part in value]
    history = None
    with contextlib.suppress(Exception):  # an object of any kind may look like anything
        history = vars(value).get("history")
    # of Keras, or of an object of a student's own that gathers several
    return history if isinstance(history, dict) and not isinstance(value, type) else value


def _load(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    import transferlab

    model = transferlab.load_backbone(content["backbone"], weights=content["weights"])
    return {"value": {"k": "handle", "id": _keep(model), "type": values.type_name(model)}}, []


def _build(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Build a model of the judge's own making; the judge is trusted, so its configuration is not examined."""
    import keras

    model = asked_models.made(content["config"], [values.array_from_bytes(data) for data in buffers])
    for index in content.get("frozen_layers", ()):
        model.layers[index].trainable = False
    if content.get("learning_rate"):
        optimizer = keras.optimizers.Adam(content["learning_rate"])
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=content["metrics"])
    return {"value": {"k": "handle", "id": _keep(model), "type": values.type_name(model)}}, []


def _part(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    part = asked_models.part(_handles[content["model"]], content)
    return {"value": {"k": "handle", "id": _keep(part), "type": values.type_name(part)}}, []


def _describe(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Say what rebuilds a model and what state it is in: description, arrays, flags, predictions, compile state."""
    import keras

    model = _handles[content["model"]]
    if not isinstance(model, keras.Model):
        return {"problem": f"it is a {values.type_name(model)}, not a keras.Model"}, []
    if not model.built:
        return {
            "problem": "the model is not built: its layers do not know their input shape yet (add keras.Input first)"
        }, []
    optimizer = getattr(model, "optimizer", None)
    described, arrays = asked_models.described(model)
    answer = {
        **described,
        "compiled": bool(getattr(model, "compiled", False)),
        "optimizer": type(optimizer).__name__ if optimizer is not None else None,
        "learning_rate": _learning_rate(optimizer),
        "loss": _loss_name(getattr(model, "loss", None)),
    }
    return answer, [values.array_to_bytes(array) for array in arrays]


def _learning_rate(optimizer: Any) -> dict[str, Any] | None:
    """The constant rate, or the name of the schedule that varies it."""
    if optimizer is None:
        return None
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is not None and hasattr(rate, "get_config") and callable(rate):
        return {"schedule": type(rate).__name__}
    return {"constant": float(optimizer.learning_rate)}


def _loss_name(loss: Any) -> str:
    if isinstance(loss, str):
        return loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None) or type(loss).__name__
    return str(name)[:100]


def _fit(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Train for one epoch on the judge's data, compiled as the model is; the arrays afterwards come back too."""
    model = _handles[content["model"]]
    x, y = (values.array_from_bytes(data) for data in buffers)
    answer, _ = _timed(lambda: asked_models.fit(model, x, y, content["batch_size"], traced=content["traced"]), None)
    return answer, [values.array_to_bytes(array) for array in asked_models.arrays_of(model)]


def _predict(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Predict the judge's images; the arrays come back too, so that it is seen whether they are still the same."""
    outputs, arrays = asked_models.predict(_handles[content["model"]], values.array_from_bytes(buffers[0]))
    return {"outputs": len(outputs)}, [values.array_to_bytes(array) for array in [*outputs, *arrays]]


def _evaluate(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    """Evaluate on the judge's data, compiled as the model is."""
    x, y = (values.array_from_bytes(data) for data in buffers)
    return _timed(lambda: asked_models.evaluate(_handles[content["model"]], x, y), None)


def _shared(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    known = {id(variable) for variable in _handles[content["model"]].weights}
    return {"shared": sum(id(variable) in known for variable in _handles[content["other"]].weights)}, []


def _watch(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    if (name := content["name"]) not in namespace:
        return {"missing": True}, []
    decoder = _decoder(buffers)
    args = [decoder.decode(node) for node in content["args"]]
    plan = moving.Plan(**content.get("plan", {}))
    if "config" in content:
        arrays = [values.array_from_bytes(data) for data in buffers[content["first_weight"] :]]
        args = [asked_models.maker(content["config"], arrays, plan.pause), *args]
    with trainings.watched(plan) as seen, own_calls.mended(namespace, content.get("mended", {})):
        answer, carried = _timed(lambda: namespace[name](*args), (args[-content["inputs_after"] :], {}))
    reported, more = trainings.report(seen.fits, lambda model: _known(model) or _keep(model), len(carried))
    answer |= {"fits": reported, "predictions": seen.predictions}
    return answer, [*carried, *map(values.array_to_bytes, more)]


def _trained(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    found = trainings.notebook_trainings()
    models = [(record["model"] is not None and (_known(record["model"]) or _keep(record["model"]))) for record in found]
    return {
        "fits": [
            {key: record[key] for key in trainings.NOTED} | {"model": model or ""}
            for record, model in zip(found, models, strict=True)
        ]
    }, []


def _noted(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    noted, arrays = cell_trainings.report(lambda model: _known(model) or _keep(model))
    return noted, [values.array_to_bytes(array) for array in arrays]


def _stand_in(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    functions: dict[str, Any] = {"__name__": "stand_ins"}
    exec(compile(content["code"], "<stand-ins>", "exec"), functions)  # noqa: S102 (the judge's, in this sandbox)
    namespace[content["name"]] = functions[content["name"]]
    return {}, []


def _note_calls(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    notes = own_calls.Notes(_as_noted, trainings.is_asked, lambda: len(trainings.notebook_trainings()))
    own_calls.note(content["name"], namespace, notes)
    return {}, []


def _as_noted(value: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Encode what a call gives or gets as it is now: images as digests, models as handles with digests of arrays."""
    encoder = values.Encoder(_handle_for)
    return _encoded(encoder, _in_short(value)), encoder.buffers


def _in_short(value: Any) -> Any:
    keras = sys.modules.get("keras")
    if isinstance(value, list | tuple):
        return [_in_short(part) for part in value]
    if keras is not None and isinstance(value, keras.Model):
        return {"model": value, "arrays": [cell_trainings.digest_of_array(array) for array in value.weights]}
    if len(getattr(value, "shape", ())) == 4:
        with contextlib.suppress(Exception):  # what is no array after all is named
            return cell_trainings.digests_of_images(value)
    return value


def _own_calls(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    calls: list[dict[str, Any]] = []
    arrays: list[Any] = []
    for call in own_calls.calls_of(content["name"]):
        known = {"trainings": list(call["trainings"])}
        for key in ("given", "returned"):
            node, more = call[key]
            known |= {key: node, f"{key}_arrays": [len(arrays), len(arrays) + len(more)]}
            arrays += more
        calls.append(known)
    return {"calls": calls}, arrays


def _made(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    call = own_calls.calls_of(content["name"])[content["call"]]
    return _timed(call["functions"][content["position"]], None)


def _layers(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    one_by_one = bool(content.get("one_by_one"))
    return {
        "layers": asked_models.layer_flags(_handles[content["model"]], content.get("frozen"), one_by_one=one_by_one)
    }, []


def _figures_drawn(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    return figures.report(), []


def _forget(content: dict[str, Any], buffers: Sequence[bytes], namespace: dict[str, Any]) -> Answer:
    _handles.clear()
    return {}, []


_OPERATIONS: dict[str, Callable[[dict[str, Any], Sequence[bytes], dict[str, Any]], Answer]] = {
    "call": _call,
    "read": _read,
    "load": _load,
    "build": _build,
    "part": _part,
    "describe": _describe,
    "fit": _fit,
    "predict": _predict,
    "evaluate": _evaluate,
    "shared": _shared,
    "watch": _watch,
    "noted": _noted,
    "stand_in": _stand_in,
    "note_calls": _note_calls,
    "own_calls": _own_calls,
    "made": _made,
    "trained": _trained,
    "layers": _layers,
    "figures": _figures_drawn,
    "forget": _forget,
}
