# %% [markdown]
# # Exercise 1: A small classifier
#
# Build a network with one hidden layer that tells classes apart, ready to be trained.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow keeps notes about this computer to itself

import keras
import numpy as np
from keras import layers

HIDDEN = 16

# %% [markdown]
# ## Task 1: build a classifier
#
# `features` numbers come in, `HIDDEN` units with ReLU follow, and **one softmax probability for each class** comes out.
# Both layers have a bias. Compile it with Adam and the learning rate 0.01, for **class numbers as labels**
# (0, 1, 2, …), with the metric `accuracy`.
#
# **Example.** From 4 features to 3 classes there are 4 · 16 + 16 = 80 parameters in the hidden layer and
# 16 · 3 + 3 = 51 behind it: 131 in all, and **all of them learn**.


# %% nbgrader={"grade": false, "grade_id": "build_classifier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_classifier(features, classes):
    """Build and compile a classifier with one hidden layer.

    Args:
        features: How many numbers come in, 1 or more.
        classes: How many classes there are, 2 or more.

    Returns:
        keras.Model from (n, features) to probabilities (n, classes), compiled for class numbers.
    """
    ### BEGIN SOLUTION
    model = keras.Sequential(
        [keras.Input((features,)), layers.Dense(HIDDEN, activation="relu"), layers.Dense(classes, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_build_classifier", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
model = build_classifier(4, 3)
assert model.count_params() == 131, (
    f"131 parameters were asked for, not {model.count_params()}; compare with the example"
)
probabilities = model.predict(np.zeros((2, 4)), verbose=0)
assert probabilities.shape == (2, 3), f"two rows of three probabilities were asked for, not {probabilities.shape}"
assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5), "the probabilities of a row should sum to 1"
print("Task 1: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS
