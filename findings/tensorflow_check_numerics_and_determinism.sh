#!/usr/bin/env bash
# TensorFlow 2.21.0: enable_check_numerics finds a NaN in every healthy training while op determinism is on.
#
# Expected:  tf.debugging.enable_check_numerics ends a training only when one of its numbers is infinite or NaN.
# Behaviour: with tf.config.experimental.enable_op_determinism (or TF_DETERMINISTIC_OPS=1), sparse cross-entropy puts a
#            constant NaN beside its result, for labels that are out of range; the check finds the constant, and fit
#            ends with "Detected Infinity or NaN in output 0 of graph op Const". Without determinism the same fit runs.
# Where this project meets it: kernels run with TF_DETERMINISTIC_OPS=1, a student's own computer does not; so asking for
#            the check ends the deterministic mode there (autograder/kernels/inner/warm_up.py).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1

cat >"$work/train.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(1)
if sys.argv[1] == "deterministic":
    tf.config.experimental.enable_op_determinism()
tf.debugging.enable_check_numerics()
images, labels = np.random.default_rng(0).random((64, 4), dtype="float32"), np.arange(64) % 2
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
try:
    losses = model.fit(images, labels, epochs=2, verbose=0).history["loss"]
except tf.errors.InvalidArgumentError as error:
    found = next(line for line in str(error).splitlines() if "Detected Infinity or NaN" in line)
    print("ended:", found.strip())
else:
    print("ran, all losses finite:", bool(np.isfinite(losses).all()))
PYTHON
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1
plain=$("$work/venv/bin/python" "$work/train.py" plain 2>/dev/null)
deterministic=$("$work/venv/bin/python" "$work/train.py" deterministic 2>/dev/null)
"$work/venv/bin/pip" list 2>/dev/null | grep -E '^(tensorflow-cpu|keras) '
echo "without determinism, it $plain"
echo "with determinism, it    $deterministic"
[[ $plain == "ran, all losses finite: True" && $deterministic == "ended: "*"Const"* ]] || {
    echo "the behaviour has changed"
    exit 1
}
