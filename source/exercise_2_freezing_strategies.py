# %% [markdown]
# # Exercise 2: How much to unfreeze
#
# In exercise 1 the backbone was either frozen or had its last two layers unfrozen. Who
# says two? Unfreezing more layers lets the network adapt further, and costs time, memory
# and the risk of overwriting what was learned. In this exercise you unfreeze 0, 25, 50
# and 100 % of a pretrained backbone, train each for the same number of epochs, and decide
# from the figures how much is worth it.
#
# | task | you write | points |
# |---|---|---|
# | 1 | `unfreeze_fraction` | 7 |
# | 2 | `count_parameters` | 4 |
# | 3 | `compare_strategies` | 7 |
# | 4 | `best_strategy` | 4 |
# | 5 | the comparison on all ten classes, and a figure | 3 + 1 |
# | 6 | one answer in your own words | 4 |
#
# You need what exercise 1 taught (build, compile and fit a model on a backbone), a little
# pandas, and about two hours. The whole notebook computes in well under a minute.
#
# **How your work is judged.** By what your functions and models *do*, on other data than
# you see here, never by how the code looks. Loops or array operations, functional or
# `Sequential` models, a backbone nested as one layer or laid out flat: all are fine.
# Later tasks are judged on data of their own, so a mistake costs its points only once:
# what a function has lost points for is not charged again where another one, or the
# comparison of task 5, uses it and leaves what the function gave it. Only where a
# function stops with an error, or trains nothing, there is nothing to judge in a cell
# that runs it, and that cell's points are lost, too.
#
# The cells headed *Visible checks* catch the usual slips while you work; the grader tries
# more cases than they do, and runs no checks: use no name in an answer that only a check
# sets. Locked cells, checks included, are put back as they were before your notebook is
# judged, so add cells of your own rather than changing those. Before you hand in, restart
# the kernel and run all cells, or let this do it for you:
# `python -m transferlab check exercise_2_freezing_strategies.ipynb`

# %%
FAST = False  # True halves the epochs while you try things; graded with all of them

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

# TensorFlow then rounds the way it does for the grader, and keeps notes about this
# computer's processor to itself.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import math
import time

import keras
import numpy as np
import pandas as pd
from keras import layers

import transferlab

DATA_SOURCE = "sketches"  # where the pictures come from; your instructor's choice
COURSE = transferlab.course_data(DATA_SOURCE)
BACKBONE = COURSE.backbone  # which pretrained network you build on
FRACTIONS = (0.0, 0.25, 0.5, 1.0)  # how much of it to unfreeze
BATCH_SIZE = 12
HEAD_EPOCHS = 6
EPOCHS = 2
if globals().get("FAST") and os.environ.get("NBGRADER_EXECUTION") != "autograde":
    HEAD_EPOCHS, EPOCHS = 3, 1
HEAD_RATE = 3e-3  # learning rate while only the head learns
FINE_TUNING_RATE = COURSE.unfreezing_rate  # of the second stage, for every fraction
TOLERANCE = 0.02  # how much accuracy you would give up for a smaller training

# %% [markdown]
# ## Networks to unfreeze
#
# The first cell holds a toy backbone, small enough to count by hand. The second builds
# three networks that everybody uses, VGG16, ResNet50 and MobileNetV2, without their
# classifiers: with their ImageNet weights if those lie in your Keras cache, and with
# random ones otherwise. For freezing and counting that makes no difference.

# %% nbgrader={"grade": false, "grade_id": "toy_backbone", "locked": true, "schema_version": 3, "solution": false, "task": false}
def toy_backbone():
    """Build three convolutions with BatchNormalization between, for (n, 8, 8, 3)."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scaling")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="conv_1")(x)
    x = layers.BatchNormalization(name="norm_1")(x)
    x = layers.Conv2D(6, 3, padding="same", activation="leaky_relu", name="conv_2")(x)
    x = layers.BatchNormalization(name="norm_2")(x)
    outputs = layers.Conv2D(
        8, 3, padding="same", activation="leaky_relu", name="conv_3"
    )(x)
    return keras.Model(inputs, outputs, name="toy_backbone")


def toy_model(backbone):
    """Put a small head on a toy backbone and compile both."""
    inputs = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(backbone(inputs))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x))
    model.compile(
        optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


noise_pictures = (
    np.random.default_rng(5).uniform(0, 255, (24, 8, 8, 3)).astype("float32")
)
noise_labels = np.arange(24) % 3
toy_backbone().summary()

# %% nbgrader={"grade": false, "grade_id": "architectures", "locked": true, "schema_version": 3, "solution": false, "task": false}
def load_architecture(name):
    """Load it with ImageNet weights if the Keras cache has them, else random ones."""
    try:
        return transferlab.load_backbone(name)
    except FileNotFoundError:
        return transferlab.load_backbone(name, weights=None)


architectures = {
    name: load_architecture(name) for name in ("vgg16", "resnet50", "mobilenet_v2")
}
for name, architecture in architectures.items():
    print(
        f"{name:13} {len(architecture.layers):4} layers of all kinds,"
        f" {architecture.count_params():>11,} parameters"
    )

# %% [markdown]
# ## Task 1: unfreeze a fraction (7 points)
#
# Make the last part of a backbone trainable and freeze the rest, whatever was frozen
# before.
#
# **What counts as a layer.** Count the layers of `backbone.layers`, in order, that have
# weights and are not `BatchNormalization`; any other kind of layer with weights counts.
# In the toy backbone these are `conv_1`, `conv_2` and `conv_3`; VGG16 has 13. Of `N` such
# layers, the last `fraction · N` learn; if that is no whole number, round **up**.
#
# **Example.** Of the toy backbone's three layers, `fraction = 0.25` is 0.75 of a layer,
# rounded up to 1: `conv_3` learns, 440 parameters. `fraction = 0.5` is 1.5, rounded up to
# 2: `conv_2` and `conv_3`, 222 + 440. With 0.75 (2.25 layers) and with 1 all three learn,
# with 0 none. `norm_2` stands between two unfrozen layers and stays frozen all the same:
# **BatchNormalization of the backbone always stays frozen**, for its statistics belong to
# the pretraining.
#
# "Learns" means: in a model built around the backbone, compiled and fitted, the weights
# of these layers change, and nothing else in the backbone does. The function only sets
# flags; it does not build, compile or train anything.
#
# <details><summary>Hint 1: where to start</summary>
#
# Make a list of the layers that count: `layer.weights` is empty for layers without
# weights, and `isinstance` finds the BatchNormalizations. How many of the list learn?
# </details>
# <details><summary>Hint 2: leftovers</summary>
#
# Decide for *every* layer of the backbone, so that no flag is left over. The flag of the
# backbone as a whole overwrites those of all layers inside, but only when its value
# changes: setting `True` on a backbone that already says `True` does nothing at all. So
# set it first, then go through the layers one by one.
# </details>
# <details><summary>Hint 3: the last k, rounded up</summary>
#
# `some_list[-k:]` gives the last k entries for k = 1, 2, 3, …, but what does it give for
# k = 0? Count from the front instead. `round` rounds 1.5 and 2.5 both to 2 and `int` cuts
# off; the module `math` has a function that rounds up.
# </details>

# %% nbgrader={"grade": false, "grade_id": "unfreeze_fraction", "locked": false, "schema_version": 3, "solution": true, "task": false}
def unfreeze_fraction(backbone, fraction):
    """Make the last layers of a backbone trainable and freeze everything else in it.

    Args:
        backbone: keras.Model, none of whose layers is a model itself; some, all or none
            of them may be frozen. Only `trainable` flags are changed.
        fraction: Number from 0 to 1, both included (`1` means the same as `1.0`): the
            share of the layers that count which shall learn. With `N` such layers these
            are the last `fraction * N`, rounded up. A layer counts if it stands in
            `backbone.layers`, has weights and is not a BatchNormalization.

    Returns:
        `backbone` itself. In training, the weights of these layers change, and nothing
        else in it; BatchNormalization always stays as it is, all four of its arrays.

    Raises:
        ValueError: `fraction` is below 0 or above 1.
    """
    ### BEGIN SOLUTION
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction}")
    counted = [
        layer
        for layer in backbone.layers
        if layer.weights and not isinstance(layer, layers.BatchNormalization)
    ]
    unfrozen = counted[len(counted) - math.ceil(fraction * len(counted)) :]
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = any(layer is chosen for chosen in unfrozen)
    return backbone
    ### END SOLUTION


# %% [markdown]
# Try it. For `fraction = 0.5` the list should name `conv_2` and `conv_3`.

# %%
half = unfreeze_fraction(toy_backbone(), 0.5)
print([layer.name for layer in half.layers if layer.weights and layer.trainable])

# %% nbgrader={"grade": true, "grade_id": "check_unfreeze_fraction", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
def layers_that_learn(backbone):
    """Train a model around a toy backbone an epoch; name the layers that changed."""
    model = toy_model(backbone)
    before = {weight.path: weight.numpy() for weight in model.weights}
    model.fit(noise_pictures, noise_labels, verbose=0)
    changed = {
        weight.path.split("/")[-2]
        for weight in model.weights
        if (weight.numpy() != before[weight.path]).any()
    }
    return sorted(changed - {"head"})


tried = toy_backbone()
returned = unfreeze_fraction(tried, 0.5)
assert returned is tried, (
    "the function should return the backbone it was given, not"
    f" {type(returned).__name__}"
)
learned = layers_that_learn(tried)
assert not {"norm_1", "norm_2"} & set(learned), (
    "a BatchNormalization changed; it should stay frozen"
)
assert learned == ["conv_2", "conv_3"], (
    f"with fraction=0.5, conv_2 and conv_3 should learn; those that did: {learned}"
)
for asked, expected in (
    (0.25, ["conv_3"]),
    (0.3, ["conv_3"]),
    (0, []),
    (0.75, ["conv_1", "conv_2", "conv_3"]),
):
    unfreeze_fraction(tried, asked)  # the same backbone again: no flag may be left over
    flags = sorted(
        {weight.path.split("/")[-2] for weight in toy_model(tried).trainable_weights}
        - {"head"}
    )
    assert flags == expected, (
        f"with fraction={asked}, {expected} should learn, not {flags}; compare with the"
        " example"
    )
for refused in (-0.1, 1.5):
    try:
        unfreeze_fraction(toy_backbone(), refused)
    except ValueError:
        continue
    raise AssertionError(f"fraction={refused} should raise a ValueError")
transferlab.passed("Task 1: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 2: count what learns (4 points)
#
# Count the parameters of a model that learn, and those that do not.
#
# A parameter is one number in one of the model's weight arrays: a `Dense` layer from 8
# inputs to 3 outputs has 8 · 3 + 3 = 27. The two counts together give
# `model.count_params()`.
#
# **Example.** The toy backbone with a head of 27 parameters has 814 + 27 = 841. After
# `unfreeze_fraction(…, 0.5)`, 222 + 440 + 27 = 689 learn, and 841 − 689 = 152 are frozen:
# those of `conv_1` (112), `norm_1` (16) and `norm_2` (24).
#
# Mind three cases. A BatchNormalization that is *not* frozen learns its gamma and beta,
# while its moving mean and variance change by averaging, never by gradients: they count
# as frozen. A layer that is used twice in a model has its parameters once. And the state
# of a random generator, which `Dropout` and the random augmentation layers carry, is no
# parameter at all.
#
# <details><summary>Hint 1: where to start</summary>
#
# A model keeps lists of its arrays. Which list holds those that learn, and which all? The
# size of an array is the product of its `shape`.
# </details>
# <details><summary>Hint 2: weights or variables?</summary>
#
# In Keras 3, `model.non_trainable_variables` holds more than parameters: the seed state
# of each Dropout is among them. The lists with `weights` in their names leave it out.
# </details>
# <details><summary>Hint 3: each array once</summary>
#
# The lists of the *model* name every array once, however often its layer is used. If you
# go through the layers yourself, a shared layer may come along twice, and nested models
# have layers of their own.
# </details>

# %% nbgrader={"grade": false, "grade_id": "count_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(model):
    """Count the parameters that learn and those that do not.

    Args:
        model: keras.Model, built; flat or nested, some of it perhaps frozen. Not
            modified, its flags included.

    Returns:
        A dictionary `{"trainable": int, "frozen": int}`. The two add up to
        `model.count_params()`. Statistics of BatchNormalization count as frozen, shared
        layers once, and states of random generators not at all.
    """
    ### BEGIN SOLUTION
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return {"trainable": trainable, "frozen": model.count_params() - trainable}
    ### END SOLUTION


# %% [markdown]
# Try it. On the toy model you should see 689 and 152. The table below it shows what a
# quarter of the layers means in three well-known networks: it is not a quarter of the
# parameters.

# %%
print(count_parameters(toy_model(unfreeze_fraction(toy_backbone(), 0.5))))
quarters = {
    name: count_parameters(unfreeze_fraction(model, 0.25))
    for name, model in architectures.items()
}
pd.DataFrame(quarters).T.assign(
    share=lambda found: found.trainable / (found.trainable + found.frozen)
).round(2)

# %% nbgrader={"grade": true, "grade_id": "check_count_parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 2
half_frozen = toy_backbone()
for layer in half_frozen.layers[:4]:
    layer.trainable = False  # conv_1 and norm_1
norm_learns = toy_model(half_frozen)  # and norm_2 does: gamma and beta, 12 parameters
toy_counts = count_parameters(norm_learns)
assert isinstance(toy_counts, dict), (
    f"a dictionary was asked for, not {type(toy_counts).__name__}"
)
assert set(toy_counts) == {"trainable", "frozen"}, (
    f'the keys should be "trainable" and "frozen", not {sorted(toy_counts)}'
)
assert toy_counts["trainable"] != 140, (
    "140 parameters are frozen here and 701 learn; have the two been swapped?"
)
assert toy_counts["trainable"] != 713, (
    "the moving mean and variance of norm_2 do not learn; count them as frozen"
)
assert toy_counts["trainable"] == 701, (
    f"222 + 12 + 440 + 27 = 701 parameters learn here, not {toy_counts['trainable']}"
)
whole_numbers = all(hasattr(count, "__index__") for count in toy_counts.values())
assert whole_numbers, f"the counts should be whole numbers (int), not {toy_counts}"
assert toy_counts["frozen"] == 140, (
    f"112 + 16 + 12 = 140 parameters are frozen here, not {toy_counts['frozen']}"
)
dropping = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(2)])
found = sum(count_parameters(dropping).values())
assert found == 10, f"a model with 10 parameters and a Dropout gave {found}; see hint 2"
twice, entry = layers.Dense(4), keras.Input((4,))
found = sum(
    count_parameters(
        keras.Model(entry, keras.Sequential([twice, layers.ReLU()])(twice(entry)))
    ).values()
)
assert found == 20, (
    f"one layer of 20 parameters that is used twice gave {found}; see hint 3"
)
transferlab.passed("Task 2: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 3: compare strategies (7 points)
#
# Train one model for each fraction, and note how good it got and how long it took.
#
# A comparison is only fair if nothing differs but the fraction. So for each fraction:
#
# 1. **A fresh backbone** from `make_backbone()`, which returns another pretrained copy at
#    each call. A backbone that an earlier fraction has trained is no longer the
#    pretrained one.
# 2. **The same head stage.** A new head learns with the *whole backbone frozen*, in one
#    `fit` of `head_epochs` epochs on the training images (or on what the backbone makes
#    of them). Train a head for each fraction, or train one and give every model a copy of
#    it; what counts is that no head has learned anything else before the second stage.
# 3. **The same second stage.** Your `unfreeze_fraction`, then one `fit` on all the
#    training images for exactly `epochs` epochs, also for fraction 0, where the head
#    alone goes on learning.
#
# | column | one row for each fraction, in the order given |
# |---|---|
# | `fraction` | as given |
# | `trainable` | parameters of the whole model that learn in the second stage, so head included: your `count_parameters` |
# | `val_accuracy` | accuracy on the validation images after the **last** epoch, a share from 0 to 1, not rounded. The best epoch would be chosen by looking at the very images you report on |
# | `seconds` | wall time of the second `fit` alone, by `time.perf_counter()` just before and just after it |
#
# Every model follows the rules of exercise 1: raw images in; one softmax probability for
# each class out; compiled for integer labels with the metric `accuracy`; built-in layers
# only. The design of the head, optimizer, batch size and learning rates are yours
# (`HEAD_RATE` and `FINE_TUNING_RATE` are good ones), the same for all fractions. Train
# with `fit`. So that chance does not decide what the grader sees, it may change what your
# models have learned at the end of an epoch, and undo that in the next one: report what
# you measure, and return the model that belongs to it.
#
# **Example.** On the toy backbone with a head of 27 parameters, a comparison of the
# fractions 0.5 and 1 might give this table. The second row is better, so `best_model` is
# the model that was trained for it:
#
# | fraction | trainable | val_accuracy | seconds |
# |---|---|---|---|
# | 0.5 | 689 | 0.375 | 0.61 |
# | 1.0 | 801 | 0.417 | 0.64 |
#
# <details><summary>Hint 1: where to start</summary>
#
# Write it for one fraction first, without a loop: backbone, head, head stage, unfreeze,
# compile, fit. Then put a loop around it, collect one dictionary a fraction in a list,
# and let `pd.DataFrame` make the table.
# </details>
# <details><summary>Hint 2: nothing gets better, whatever is unfrozen?</summary>
#
# The first `fit` turns the training step into a graph and keeps it. Flags that change
# afterwards are shown by `summary()` and ignored by `fit`, until you compile again.
# </details>
# <details><summary>Hint 3: one head for all, and faster</summary>
#
# While the backbone is frozen, its feature maps for an image are always the same. Let it
# predict them once and train the head on the maps, as a small model of its own.
# `keras.models.clone_model` copies its layers and `get_weights` and `set_weights` its
# numbers; a model can be called on a tensor like a layer.
# </details>

# %% nbgrader={"grade": false, "grade_id": "compare_strategies", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare_strategies(
    make_backbone, training, validation, fractions, head_epochs, epochs
):
    """Train one model for each fraction of the backbone that is unfrozen.

    Args:
        make_backbone: Function without arguments; each call returns a fresh copy of the
            pretrained backbone, a keras.Model from raw images to feature maps. To be
            called for every fraction.
        training: Pair `(images, labels)`: float32 `(n, height, width, 3)` in [0, 255];
            integers `(n,)` from 0, all of the k classes 0, 1, … k − 1 among them. Not
            modified.
        validation: The same, other images. Nothing learns from them. Not modified.
        fractions: Tuple or list of floats from 0 to 1.
        head_epochs: int, 1 or more: epochs of the head stage, with the whole backbone
            frozen.
        epochs: int, 1 or more: epochs of the second stage, the same for every fraction.

    Returns:
        `(table, best_model)`. The table is a pandas DataFrame (a list of dictionaries
        or a dictionary of columns will do) with the columns "fraction", "trainable",
        "val_accuracy" and "seconds", one row for each fraction, in the order given.
        `best_model` is the model of the row with the highest "val_accuracy", as its
        last epoch left it; if several rows share it, any of theirs.
    """
    ### BEGIN SOLUTION
    images, labels = training
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    frozen = make_backbone()
    frozen.trainable = False
    features = frozen.predict(images, verbose=0)
    trained_head = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(int(np.max(labels)) + 1, activation="softmax"),
        ]
    )
    trained_head.compile(optimizer=keras.optimizers.Adam(HEAD_RATE), **settings)
    trained_head.fit(
        features, labels, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0
    )
    rows, models = [], []
    for fraction in fractions:
        backbone = unfreeze_fraction(make_backbone(), fraction)
        head = keras.models.clone_model(trained_head)
        head.set_weights(trained_head.get_weights())
        inputs = keras.Input(backbone.input_shape[1:])
        model = keras.Model(inputs, head(backbone(inputs)))
        model.compile(optimizer=keras.optimizers.Adam(FINE_TUNING_RATE), **settings)
        started = time.perf_counter()
        record = model.fit(
            images,
            labels,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            validation_data=validation,
            verbose=0,
        ).history
        seconds = time.perf_counter() - started
        trainable = count_parameters(model)["trainable"]
        rows.append([fraction, trainable, record["val_accuracy"][-1], seconds])
        models.append(model)
    table = pd.DataFrame(
        rows, columns=["fraction", "trainable", "val_accuracy", "seconds"]
    )
    return table, models[int(table["val_accuracy"].argmax())]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_compare_strategies", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 3
toy_weights = toy_backbone().get_weights()
# the moving mean of norm_1: it never changes
toy_weights[4] = np.array([0.1, 0.2, 0.3, 0.4], "float32")
made_backbones = []


def make_toy_backbone():
    """Make a backbone with the same weights each time, and remember it."""
    made_backbones.append(toy_backbone())
    made_backbones[-1].set_weights(toy_weights)
    return made_backbones[-1]


toy_call_started = time.perf_counter()
toy_data = (noise_pictures, noise_labels), (noise_pictures[:12], noise_labels[:12])
toy_answer = compare_strategies(make_toy_backbone, *toy_data, (0.5, 1.0), 1, 2)
toy_call_seconds = time.perf_counter() - toy_call_started
assert isinstance(toy_answer, tuple), (
    f"a pair (table, best_model) was asked for, not a {type(toy_answer).__name__}"
)
toy_table, toy_best = pd.DataFrame(toy_answer[0]), toy_answer[1]
missing = {"fraction", "trainable", "val_accuracy", "seconds"} - set(toy_table.columns)
assert not missing, f"the table has no column {', '.join(sorted(missing))}"
assert toy_table["fraction"].tolist() == [0.5, 1.0], (
    "the table should have a row for 0.5 and one for 1.0, in this order"
)
assert len(made_backbones) >= 2, (
    "make_backbone was called once for two fractions; each needs a fresh backbone"
)
more = int(toy_table["trainable"][1] - toy_table["trainable"][0])
assert more == 112, (
    "100 % trains the 112 parameters of conv_1 more than 50 %; in the table the"
    f" difference is {more}"
)
toy_seconds = toy_table["seconds"]
sensible = (toy_seconds > 0).all() and toy_seconds.sum() <= toy_call_seconds
assert sensible, (
    "the seconds should be more than 0, and together not more than the whole call took"
)
assert isinstance(toy_best, keras.Model), (
    f"best_model should be a keras.Model, not a {type(toy_best).__name__}"
)
toy_output = np.asarray(toy_best(noise_pictures[:12], training=False))
assert toy_output.shape == (12, 3), (
    f"12 images of 3 classes gave {toy_output.shape} instead of (12, 3)"
)
toy_reached = float(np.mean(toy_output.argmax(axis=1) == noise_labels[:12]))
toy_highest = toy_table["val_accuracy"].max()
toy_kept = any(
    np.array_equal(weight, toy_weights[4]) for weight in toy_best.get_weights()
)
assert toy_kept, (
    "best_model has lost the statistics of norm_1; is it the model you trained, and was"
    " norm_1 frozen?"
)
toy_untrained = any(
    np.array_equal(weight, toy_weights[-2]) for weight in toy_best.get_weights()
)
assert not toy_untrained, (
    "conv_3 of best_model is as it was before all training; return the model that was"
    " trained"
)
assert np.isclose(toy_reached, toy_highest), (
    f"best_model reaches {toy_reached:.3f}, the best row says {toy_highest:.3f}"
)
transferlab.passed("Task 3: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 4: the strategy that is worth it (4 points)
#
# Choose the smallest training that is almost as good as the best.
#
# More unfrozen layers mean longer training, and beyond some point the gain is smaller
# than chance. So say how much accuracy you would give up (the *tolerance*), and take the
# row with the fewest trainable parameters among those that are good enough.
#
# **Example.** With this table and `tolerance = 0.02`, the best accuracy is 0.79. Good
# enough is 0.79 − 0.02 = 0.77 or more: the rows 0.25 and 0.5 and 1. The fewest parameters
# of these has 0.25, so the answer is `0.25`. With `tolerance = 0.1` it is `0.0`, and with
# `tolerance = 0` it is `0.5`.
#
# | fraction | trainable | val_accuracy | seconds |
# |---|---|---|---|
# | 0.0 | 8,906 | 0.72 | 1.1 |
# | 0.25 | 230,346 | 0.78 | 1.5 |
# | 0.5 | 285,770 | 0.79 | 1.9 |
# | 1.0 | 302,426 | 0.77 | 3.0 |
#
# The tolerance is a difference of accuracies, not a share of the best one, and a row that
# is *exactly* as good as allowed is good enough. If several of these have equally few
# parameters, take the smaller fraction. A training that went wrong may have left NaN as
# its accuracy: such rows count for nothing. Rows may come in any order and with any
# index, as a table has it that was sorted or filtered before; no label stands twice in
# it.
#
# <details><summary>Hint 1: where to start</summary>
#
# Two steps: first keep the rows that are good enough, a boolean mask on a column does it.
# Then look for the smallest among what is left.
# </details>
# <details><summary>Hint 2: ties</summary>
#
# A data frame can be sorted by several columns at once; the second one decides where the
# first is equal.
# </details>
# <details><summary>Hint 3: NaN</summary>
#
# NaN compares as False with everything, but some functions that look for the largest
# value return it. Drop those rows before anything else. And mind that `idxmin` gives a
# label of the index, not a fraction.
# </details>

# %% nbgrader={"grade": false, "grade_id": "best_strategy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_strategy(table, tolerance):
    """Choose the smallest training that is almost as good as the best.

    Args:
        table: pandas DataFrame with the columns of task 3, one row or more, in any
            order and with any index, in which no label stands twice. "val_accuracy" may
            be NaN in some rows, not in all. Not modified.
        tolerance: float, 0 or more: how far below the highest "val_accuracy" is still
            good enough, as a difference.

    Returns:
        float, the "fraction" of one row: among the rows with "val_accuracy" >=
        highest - `tolerance`, the one with the fewest "trainable"; if several share it,
        the smallest fraction of theirs.
    """
    ### BEGIN SOLUTION
    known = table[table["val_accuracy"].notna()]
    good_enough = known[
        known["val_accuracy"] >= known["val_accuracy"].max() - tolerance
    ]
    return float(good_enough.sort_values(["trainable", "fraction"])["fraction"].iloc[0])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_best_strategy", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 4
example = pd.DataFrame(
    {
        "fraction": [0.0, 0.25, 0.5, 1.0],
        "trainable": [8_906, 230_346, 285_770, 302_426],
        "val_accuracy": [0.72, 0.78, 0.79, 0.77],
        "seconds": [1.1, 1.5, 1.9, 3.0],
    }
)


def chosen_for(described, tried_table, allowed):
    """Ask best_strategy; an error is said together with the table it came with."""
    try:
        answer = best_strategy(tried_table, allowed)
    except Exception as problem:
        stopped = (
            f"{described}, tolerance={allowed}: best_strategy stopped with"
            f" {type(problem).__name__}: {problem}"
        )
        raise AssertionError(stopped) from problem
    assert answer is not None, (
        "best_strategy returned nothing; does it end with return?"
    )
    assert np.size(answer) == 1, (
        f"one fraction was asked for, one number, not a {type(answer).__name__} of"
        " several"
    )
    return float(np.ravel(answer)[0])


for allowed, expected in ((0.025, 0.25), (0.1, 0.0)):
    chosen = chosen_for("the example", example, allowed)
    assert chosen == expected, (
        f"for the example and tolerance={allowed}, {expected} is right, not {chosen}"
    )
chosen = chosen_for("the example (the best row is good enough: >=)", example, 0.0)
assert chosen == 0.5, f"for the example and tolerance=0.0, 0.5 is right, not {chosen}"
chosen = chosen_for(
    "a best of 0.77 and a row with 0.68",
    example.assign(val_accuracy=[0.68, 0.5, 0.6, 0.77]),
    0.1,
)
assert chosen == 0.0, (
    "with a best of 0.77 and tolerance=0.1, an accuracy of 0.68 is good enough; got"
    f" {chosen}"
)
with_nan = example.assign(val_accuracy=[0.68, 0.5, np.nan, 0.77]).iloc[::-1]
chosen = chosen_for("NaN in the row of 0.5 (see hint 3)", with_nan, 0.1)
assert chosen == 0.0, (
    f"with NaN in the row of 0.5 and the rows turned round, 0.0 is right, not {chosen}"
)
chosen = chosen_for(
    "400, 300, 200, 100 parameters",
    example.assign(trainable=[400, 300, 200, 100]),
    0.025,
)
assert chosen == 1.0, (
    "with 400, 300, 200, 100 parameters, 1.0 is right for tolerance=0.025, not"
    f" {chosen}"
)
chosen = chosen_for(
    "300 parameters in every row", example.assign(trainable=300).iloc[::-1], 0.025
)
assert chosen == 0.25, (
    f"with 300 parameters in every row, 0.25 is right for tolerance=0.025, not {chosen}"
)
transferlab.passed("Task 4: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 5: the comparison (3 + 1 points)
#
# Now the pictures, all ten classes: 120 images to train on and 150 to watch. Labels are 0
# to 9, the pixels float32.

# %% nbgrader={"grade": false, "grade_id": "comparison_data", "locked": true, "schema_version": 3, "solution": false, "task": false}
train = transferlab.load_images(DATA_SOURCE, "train", per_class=12, seed=41)
validation = transferlab.load_images(DATA_SOURCE, "validation", per_class=15, seed=42)
train_images, train_labels = train.images.astype("float32"), train.labels
validation_images = validation.images.astype("float32")
validation_labels = validation.labels
keras.utils.set_random_seed(43)
print("train", train_images.shape, "validation", validation_images.shape)
print("classes", ", ".join(train.class_names))

# %% [markdown]
# ### Run it (3 points)
#
# Compare `FRACTIONS` of the pretrained `transferlab.load_backbone(BACKBONE)`, with
# `HEAD_EPOCHS` and `EPOCHS`: learn from `train_images`, and validate with
# `validation_images`. It takes about ten seconds. Your cell leaves behind:
#
# | name | what it holds |
# |---|---|
# | `table` | the table of your `compare_strategies`, with four rows |
# | `best_model` | the model that came with it |
# | `chosen_fraction` | what your `best_strategy` says of this table, with `TOLERANCE` |
#
# `best_model` is judged on pictures nobody has seen, of which it usually gets about three
# in four right (three in five if they are photographs); the table must agree with what
# the grader measures. Which fraction is best does not count.
#
# <details><summary>Hint: a function without arguments</summary>
#
# `compare_strategies` wants a function that it can call again and again, not a backbone.
# `def` one, or write a `lambda` without arguments.
# </details>

# %% nbgrader={"grade": false, "grade_id": "comparison", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Leaves behind: table, best_model, chosen_fraction (see the table above).
### BEGIN SOLUTION
table, best_model = compare_strategies(
    lambda: transferlab.load_backbone(BACKBONE),
    (train_images, train_labels),
    (validation_images, validation_labels),
    FRACTIONS,
    HEAD_EPOCHS,
    EPOCHS,
)
chosen_fraction = best_strategy(table, TOLERANCE)
### END SOLUTION
print("worth it:", chosen_fraction)
pd.DataFrame(table)

# %% nbgrader={"grade": true, "grade_id": "check_comparison", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 5
seen_table = pd.DataFrame(table)
assert seen_table["fraction"].tolist() == list(FRACTIONS), (
    f"the table should have the rows {list(FRACTIONS)}"
)
assert seen_table["val_accuracy"].between(0, 1).all(), (
    "every val_accuracy should be a share from 0 to 1"
)
seen_output = best_model.predict(validation_images, verbose=0)
assert seen_output.shape == (150, 10), (
    f"150 images gave {seen_output.shape} instead of (150, 10)"
)
seen_accuracy = float(np.mean(seen_output.argmax(axis=1) == validation_labels))
said = seen_table["val_accuracy"].max()
assert abs(seen_accuracy - said) < 0.01, (
    f"best_model gets {seen_accuracy:.3f} right, its row says {said:.3f}"
)
assert seen_accuracy > 0.3, (
    f"best_model gets only {seen_accuracy:.0%} right; are the weights pretrained?"
)
assert chosen_fraction in FRACTIONS, (
    f"chosen_fraction is {chosen_fraction}, none of {FRACTIONS}"
)
transferlab.passed("Task 5: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ### The figure (1 point)
#
# Draw accuracy against time: one point for each fraction, the seconds on one axis and the
# validation accuracy on the other. Write its fraction at each point or in a legend (0.25
# or 25 %), and what is measured at each axis.
#
# `transferlab.plot_trade_off(table, x="seconds", name="fraction")` draws it in one line;
# a few lines of matplotlib, pandas or seaborn are just as good. Titles, colours and style
# are up to you.

# %% nbgrader={"grade": false, "grade_id": "figure", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Draws one figure with four named points.
### BEGIN SOLUTION
transferlab.plot_trade_off(table, x="seconds", y="val_accuracy", name="fraction");
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_figure", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The figure is judged by what it shows when it is drawn; here we only make sure that
# there is something to draw.
assert len(pd.DataFrame(table)) == len(FRACTIONS), (
    f"the table should have {len(FRACTIONS)} rows"
)
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# And how good is `best_model` on images that played no part in choosing it? An accuracy
# measured on 150 images is uncertain: around 0.75, its standard error is
# √(0.75 · 0.25 / 150) ≈ 0.035. On the 1,000 images here it is 0.013.

# %%
test = transferlab.load_images(DATA_SOURCE, "test", per_class=100, seed=44)
test_accuracy = best_model.evaluate(
    test.images.astype("float32"), test.labels, verbose=0, return_dict=True
)["accuracy"]
print(f"best_model: {test_accuracy:.3f} of 1,000 test images right")

# %% [markdown]
# ## Task 6: say what you see (4 points, read by a person)
#
# Explain your result in 120 to 200 words, with the numbers you measured:
#
# 1. What did the first quarter of unfrozen layers bring, and what did the rest bring on
#    top, in accuracy and in seconds? Which of these differences may be chance, and how do
#    you know? (All rows were measured on the same 150 images, with one run each.)
# 2. A quarter of the layers holds far more than a quarter of the parameters. Why, and
#    which of the two decides how long a row takes? Compare the columns `trainable` and
#    `seconds`. Mind that twenty steps are few: most of these seconds go into the first
#    step, for which TensorFlow turns the model and its gradients into a graph; the same
#    order shows in later epochs, which take far less than the first.
# 3. Which fraction would you take here? Would you take more or less of it with 20,000
#    images, and with pictures that are far from what the backbone has learned?
#
# | points | what the answer shows |
# |---|---|
# | **4** | All three parts, reasoned from own numbers: differences in accuracy compared with the standard error, and none of them believed that does not exceed it (with 120 training images, a gain or a fall of a few points is no finding); that late layers are wide and early ones expensive to reach, because gradients have to run through everything behind them; that more images or a more distant source speak for unfreezing more, and why. |
# | **2** | The right direction in at least two parts, but claims without reasons, or reasons without the numbers. |
# | **0** | Restates the table, or reads an order into differences of a hundredth ("50 % is the best"). |
#
# 3 and 1 lie in between.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# For the grader: what follows is one full answer. The numbers are from one run of the
# reference; a student's own numbers count, and reasons other than these are as good if
# the experiment bears them out.
#
# 1. Accuracy was 0.733 with the head alone, 0.760 with a quarter unfrozen, 0.713 with
#    half and 0.673 with all; the seconds were 1.1, 1.5, 1.6 and 2.3. With 150 images the
#    standard error is 0.035, so two rows differ by chance by about 0.05. The first
#    quarter's gain of 0.03 is less than that, and the fall from a quarter to all, 0.09,
#    is hardly more than what four rows do by chance. The time is no chance: it grows from
#    row to row, and doubles when everything is trained. (Ten runs with other images and
#    weights are recorded in docs/results.md. On average a quarter gains between two and
#    three points on the head alone, and half and all add nothing to that; but no gain is
#    as large as three standard deviations of one run, so a student who has one run cannot
#    know.)
#
# 2. The last quarter holds 221,440 of the backbone's 293,520 parameters, because late
#    layers have many channels. The first half adds only 16,656, yet it cost 0.7 seconds
#    more, and the last quarter 0.4: early layers work on large maps, and to reach them,
#    gradients have to run back through everything behind. So the depth decides, not the
#    count. Most of the seconds are the first step's, but what has to be built for it
#    grows with the depth, too.
#
# 3. I would take a quarter at most, since more is not measurably better here. With 20,000
#    images more parameters can be learned without overfitting, and on distant pictures
#    the late, special features fit worse: both speak for unfreezing more, with a small
#    learning rate.
# ### END SOLUTION

# %% [markdown]
# ## If you like: the same of a real ImageNet network (not judged)
#
# `efficientnet_lite0@96` has learned from the photographs of ImageNet, and its weights
# came with this course; it enlarges the pictures to 96×96 inside. Of its layers, 49
# count. Your functions compare its fractions just as well; that takes about a minute of a
# processor. A deep network bears no such learning rate as the small one, hence the first
# line of the block. Set the name back to `None` before you hand in.
#
# > **Predict first.** Its source is far from drawings. Will unfreezing more help it more
# > than it helped the small network? And what will all of it cost, in seconds?

# %%
own_network = None  # for instance "efficientnet_lite0@96"

if own_network is not None:
    FINE_TUNING_RATE = 1e-4
    pictures = (train_images, train_labels), (validation_images, validation_labels)
    own_table, _ = compare_strategies(
        lambda: transferlab.load_backbone(own_network),
        *pictures,
        FRACTIONS,
        HEAD_EPOCHS,
        EPOCHS,
    )
    both = {BACKBONE: pd.DataFrame(table), own_network: pd.DataFrame(own_table)}
    print(pd.concat(both).round(3))
