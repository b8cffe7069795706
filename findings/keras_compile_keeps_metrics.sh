#!/usr/bin/env bash
# Keras 3.15.1: a model that is compiled again without `metrics` still reports those of the compilation before.
#
# Expected:  `compile(optimizer, loss)` gives a model without metrics, as it does the first time, and as `loss=None` or
#            a new optimizer replace what was there; `fit` then records the loss only.
# Behaviour: `metrics=None` leaves the earlier CompileMetrics in place, so `fit` goes on recording "accuracy". The same
#            call gives two different models, depending on what was compiled before; `metrics=[]` drops them.
# Where this project meets it: whoever forgets the metric in `start_fine_tuning` is noticed only with a model that was
#            compiled without one (autograder/kerasmodels/cases.py); the text of exercise 1 says so to students.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0

KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import keras
import numpy as np

x, y = np.random.rand(8, 4).astype("float32"), np.arange(8) % 3


def recorded(*compilations):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    for metrics in compilations:
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
    return sorted(model.fit(x, y, verbose=0).history)


print("keras", keras.__version__)
first, again, emptied = recorded(None), recorded(["accuracy"], None), recorded(["accuracy"], [])
print("compiled without metrics:                                  fit records", first)
print("compiled with accuracy, then without metrics:              fit records", again)
print("compiled with accuracy, then with an empty list of metrics: fit records", emptied)
print("expected:  the first two are the same")
raise SystemExit(0 if (first, again, emptied) == (["loss"], ["accuracy", "loss"], ["loss"]) else 1)
PYTHON
