# %% [markdown]
# # Exercise 1: Two classes, few pictures
#
# You have 400 small pictures, 200 of each of two classes, and want a network that tells
# them apart. A network that somebody else has trained on other pictures can be a better
# start than a fresh one. In this exercise you measure how much better, with three
# classifiers:
#
# | | starts from | trains |
# |---|---|---|
# | **baseline** | random weights | all of its own layers |
# | **feature extraction** | a pretrained backbone, frozen | only a new head on top |
# | **fine-tuning** | the feature extractor you have just trained | the head and the last layers of the backbone |
#
# | task | you write | points |
# |---|---|---|
# | 1 | `select_classes` | 6 |
# | 2 | `sample_per_class` | 5 |
# | 3 | `split_train_validation` | 5 |
# | 4 | `build_feature_extractor` | 7 |
# | 5 | `start_fine_tuning` | 6 |
# | 6 | the training of all three | 4 + 2 |
# | 7 | one figure, and one answer in your own words | 1 + 4 |
#
# You need NumPy, a little Keras (build, compile and fit a model), and about two hours.
# The whole notebook computes in well under a minute with drawings, and in some minutes
# with photographs.
#
# **How your work is judged.** By what your functions and models *do*, on other data than
# you see here, never by how the code looks. Loops or array operations, functional or
# `Sequential` models, a backbone nested as one layer or laid out flat: all are fine.
# Return NumPy arrays, lists or tensors as you like, unless a contract names a dtype.
# Later tasks are judged on data of their own, so a mistake costs its points only once.
#
# The cells headed *Visible checks* catch the usual slips while you work; the grader tries
# more cases than they do, and runs no checks: use no name in an answer that only a check
# sets. Locked cells, checks included, are put back as they were before your notebook is
# judged, so add cells of your own rather than changing those. Before you hand in, restart
# the kernel and run all cells, or let this do it for you:
# `python -m transferlab check exercise_1_two_classes.ipynb`

# %%
FAST = False  # True halves the epochs while you try things; graded with all of them

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

# TensorFlow then rounds the way it does for the grader, and keeps notes about this
# computer's processor to itself.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

import transferlab

DATA_SOURCE = "sketches"  # where the pictures come from; your instructor's choice
COURSE = transferlab.course_data(DATA_SOURCE)
BACKBONE = COURSE.backbone  # which pretrained network you build on
BATCH_SIZE = 32
BASELINE_EPOCHS = 12
FEATURE_EPOCHS = 8
FINE_TUNING_EPOCHS = 4  # 8 + 4 = 12: both ways get the same number of epochs
if globals().get("FAST") and os.environ.get("NBGRADER_EXECUTION") != "autograde":
    BASELINE_EPOCHS, FEATURE_EPOCHS, FINE_TUNING_EPOCHS = 6, 4, 2
UNFROZEN_LAYERS = 2  # how many layers of the backbone learn in the second stage
FINE_TUNING_RATE = COURSE.fine_tuning_rate  # learning rate of the second stage
LEAST_ACCURACY = COURSE.usual_accuracy - 0.1  # below it, something is wrong

# %% [markdown]
# ## The pictures
#
# The pictures come in ten classes: `sketches` are drawings in which only the shape tells
# the class, not colour, position or size; `cifar10` are photographs. Images are `uint8`
# arrays of shape `(n, 32, 32, 3)` with values from 0 to 255, labels are integers.

# %% nbgrader={"grade": false, "grade_id": "pictures", "locked": true, "schema_version": 3, "solution": false, "task": false}
images, labels, class_names = transferlab.load_images(
    DATA_SOURCE, "train", per_class=40, seed=11
)
print("images", images.shape, images.dtype, "labels", labels.shape, labels.dtype)
print("classes", dict(enumerate(class_names)))
print("the two to tell apart:", " and ".join(COURSE.pair))
transferlab.show(
    transferlab.plot_images(images[:16], labels[:16], class_names),
    alt="Sixteen of the pictures, each with the name of its class above it.",
)

# %% [markdown]
# ## Task 1: pick out the classes (6 points)
#
# Keep the images of the classes you ask for, and number those classes from 0.
#
# A network with two outputs needs the labels 0 and 1, whatever numbers the two classes
# had before. The *position in* `classes` decides: the class named first becomes 0, the
# second 1, and so on.
#
# **Example.** With `labels = [3, 5, 3, 8, 5]` and `classes = (5, 3)`, the images 0, 1, 2
# and 4 stay, in this order, and their new labels are `[1, 0, 1, 0]`: class 5 stands first
# in `classes`, so it became 0.
#
# Mind three details: labels sometimes come as a column of shape `(n, 1)` (CIFAR-10 ships
# them so), also with `n = 1`; what you are given, arrays and list, must be left as it
# was; and the dtype of the images must not change. Not asked: shuffling, scaling, or the
# same number of images in each class.
#
# <details><summary>Hint 1: where to start</summary>
#
# First the errors: look at `classes` on its own (empty? something twice?), then at
# whether each of its entries occurs in the labels.
# </details>
# <details><summary>Hint 2: keeping images</summary>
#
# Bring the labels into one dimension. For each label you then need a yes or no, "is it
# one of `classes`?"; an array of such answers can be used as an index.
# </details>
# <details><summary>Hint 3: new labels</summary>
#
# Go through `classes` together with their positions (`enumerate`) and fill a *new* array.
# Overwriting labels in place goes wrong as soon as a new number equals an old class that
# is still to be replaced: try `classes = (1, 0)`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "select_classes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def select_classes(images, labels, classes):
    """Keep the images of some classes and number these classes from 0.

    Args:
        images: Array of shape `(n, height, width, channels)`, any dtype. Not modified.
        labels: Integer array of shape `(n,)` or `(n, 1)`, any values from 0 on;
            `labels[i]` is the class of `images[i]`. Not modified.
        classes: Tuple or list of integers, the classes to keep, in any order; one is
            enough. Not modified.

    Returns:
        `(kept_images, new_labels)`: the images whose label is in `classes`, in the
        order they had in `images` and with the same dtype; and their labels, int64 of
        shape `(k,)`, where class `classes[j]` has become `j`.

    Raises:
        ValueError: `classes` is empty, contains a class twice, or contains a class that
            does not occur in `labels`.
    """
    ### BEGIN SOLUTION
    if len(classes) == 0 or len(set(classes)) != len(classes):
        raise ValueError(
            f"classes must name at least one class and none twice, got {classes!r}"
        )
    flat_labels = np.asarray(labels).reshape(-1)
    missing = sorted(set(classes) - set(flat_labels.tolist()))
    if missing:
        raise ValueError(f"no image has the label {missing}")
    kept = np.isin(flat_labels, classes)
    position_of = {label: position for position, label in enumerate(classes)}
    renumbered = [position_of[label] for label in flat_labels[kept].tolist()]
    return np.asarray(images)[kept], np.array(renumbered, dtype=np.int64)
    ### END SOLUTION


# %% [markdown]
# Try it. You should see 80 images, 40 of each label, with a 0 above every picture of the
# first of the two classes (`COURSE.pair` names them) and a 1 above every picture of the
# second.

# %%
first, second = (class_names.index(name) for name in COURSE.pair)
pair_images, pair_labels = select_classes(images, labels, (first, second))
print(np.shape(pair_images), "images; of label 0 and 1:", np.bincount(pair_labels))
transferlab.show(
    transferlab.plot_images(pair_images[:8], pair_labels[:8]),
    alt="Eight pictures of the two classes, each with its new label, 0 or 1, above it.",
)

# %% nbgrader={"grade": true, "grade_id": "check_select_classes", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
five_labels = np.array([3, 5, 3, 8, 5])
five_images = np.arange(5 * 2 * 2 * 3, dtype=np.uint8).reshape(5, 2, 2, 3)
for given_labels in (five_labels, five_labels.reshape(5, 1)):
    found_images, found_labels = map(
        np.asarray, select_classes(five_images, given_labels, (5, 3))
    )
    assert five_labels.tolist() == [3, 5, 3, 8, 5], (
        "select_classes changed the labels it was given; work on a copy"
    )
    shapes = (
        f"labels of shape {given_labels.shape} came back with shape"
        f" {found_labels.shape}"
    )
    assert found_labels.shape == (4,), f"{shapes} instead of (4,)"
    assert found_labels.tolist() == [1, 0, 1, 0], (
        f"new labels {found_labels.tolist()}: compare with the example"
    )
    assert found_labels.dtype == np.int64, (
        f"the new labels should be int64, not {found_labels.dtype}"
    )
    assert found_images.dtype == np.uint8, (
        f"the images came in as uint8 and left as {found_images.dtype}"
    )
    assert np.array_equal(found_images, five_images[[0, 1, 2, 4]]), (
        "these are not the images 0, 1, 2, 4 in this order"
    )
for refused_classes in [(), (5, 5), (5, 6)]:
    try:
        select_classes(five_images, five_labels, refused_classes)
    except ValueError:
        continue
    raise AssertionError(
        f"classes={refused_classes} should raise a ValueError; see the last part of the"
        " contract"
    )
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
# ## Task 2: a balanced sample (5 points)
#
# Draw the same number of images from each class, at random but repeatable: every image
# of a class has the same chance.
#
# How good is a classifier with 20 images a class, how good with 200? To ask that fairly,
# the classes must stay balanced and the draw must be repeatable: with the same `seed`,
# your function returns the same sample today, tomorrow, and after other code has drawn
# random numbers.
#
# **Example.** With `labels = [7, 2, 2, 7, 2]` and `per_class = 2`, you return four
# images: both of class 7 and two of the three of class 2, in mixed order, for instance
# with the labels `[2, 7, 7, 2]`. The labels stay 7 and 2; renumbering was task 1. With
# `per_class = 3` there are too few images of class 7, and the `ValueError` should say so
# by naming the class: "class 7 has only 2 images, 3 were asked for".
#
# No image may appear twice. Taking all there are (`per_class = 3` if there were three of
# each) is fine. Not asked: any particular draw; whatever random generator you use, only
# the same seed must give the same result.
#
# <details><summary>Hint 1: where to start</summary>
#
# Work with row numbers and index images and labels once, at the end. Then they cannot
# come apart.
# </details>
# <details><summary>Hint 2: random, but repeatable</summary>
#
# Make a generator of your own from `seed` inside the function (`np.random.default_rng`).
# It knows nothing of what was drawn elsewhere. Then look up its `choice`, and what that
# does by default about drawing the same thing twice.
# </details>
# <details><summary>Hint 3: order</summary>
#
# If you collect class after class, the sample is sorted by class. Mix the collected row
# numbers once more before you use them.
# </details>

# %% nbgrader={"grade": false, "grade_id": "sample_per_class", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sample_per_class(images, labels, per_class, seed):
    """Draw equally many images of every class, without replacement, in mixed order.

    Args:
        images: Array of shape `(n, height, width, channels)`, any dtype. Not modified.
        labels: Integer array of shape `(n,)`; any values from 0 on, not only 0, 1, 2, …
            Not modified.
        per_class: int, 1 or more: how many images of each class that occurs in
            `labels`.
        seed: int, 0 or more. The same arguments with the same seed give the same
            result; another seed draws other images.

    Returns:
        `(sampled_images, sampled_labels)`, shuffled: `per_class` different images of
        every class, with the labels they had.

    Raises:
        ValueError: A class has fewer than `per_class` images; the message names this
            class.
    """
    ### BEGIN SOLUTION
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < per_class:
            raise ValueError(
                f"class {label} has only {len(rows)} images, {per_class} were asked for"
            )
        chosen.append(generator.choice(rows, size=per_class, replace=False))
    chosen = generator.permutation(np.concatenate(chosen))
    return images[chosen], labels[chosen]
    ### END SOLUTION


# %% [markdown]
# Try it. You should see three images of each of the ten classes, in mixed order.

# %%
few_images, few_labels = sample_per_class(images, labels, 3, seed=5)
print("images of each class:", np.bincount(few_labels))
transferlab.show(
    transferlab.plot_images(few_images, few_labels, class_names),
    alt="The pictures that were drawn, each with the name of its class above it.",
)

# %% nbgrader={"grade": true, "grade_id": "check_sample_per_class", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 2
pool_labels = np.repeat([7, 31], [60, 50])
# image i holds the number i
pool_images = np.arange(110, dtype=np.uint8).reshape(110, 1, 1, 1)
drawn_images, drawn_labels = map(
    np.asarray, sample_per_class(pool_images, pool_labels, 50, 1)
)
drawn_rows = drawn_images.reshape(-1).tolist()
assert sorted(drawn_labels.tolist()) == [7] * 50 + [31] * 50, (
    "50 of each class, labels 7 and 31 kept, were asked for"
)
assert len(set(drawn_rows)) == 100, (
    f"only {len(set(drawn_rows))} of the 100 images are different ones"
)
assert np.array_equal(pool_labels[drawn_rows], drawn_labels), (
    "images and labels have come apart"
)
assert np.count_nonzero(np.diff(drawn_labels)) > 10, (
    "the sample is sorted by class; it should be in mixed order"
)
keras.utils.set_random_seed(6)  # other code may set seeds and draw numbers in between
again_images, _ = sample_per_class(pool_images, pool_labels, 50, 1)
assert np.array_equal(again_images, drawn_images), (
    "the same seed gave two different samples"
)
other_images, _ = sample_per_class(pool_images, pool_labels, 50, 2)
assert set(np.ravel(other_images)) != set(drawn_rows), (
    "seeds 1 and 2 chose the same images; is the seed used?"
)
refusal = "no error"
try:
    sample_per_class(pool_images, pool_labels, 55, 1)
except ValueError as problem:
    refusal = str(problem)
assert "31" in refusal, (
    "55 of class 31, which has 50, should be a ValueError that names the class; got:"
    f" {refusal}"
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
# ## Task 3: hold some images back (5 points)
#
# Split images into a training part and a validation part, class by class.
#
# During training you watch the accuracy on images the network does not learn from. An
# image in both parts would make that accuracy a lie, and a split by chance alone can
# leave a rare class out of the validation part. So split *each class* by the same
# fraction (this is called stratified).
#
# **Example.** Ten images of class 0, six of class 1, `fraction = 0.25`: 2.5 and 1.5
# images should go to validation. Since you cannot halve an image, 2 or 3 of class 0 and 1
# or 2 of class 1 are right: round as you like, but stay within one image. Every class has
# at least one image in each part, also when `fraction` is tiny or nearly 1. What does not
# go to validation is for training: 16 images in, 16 out.
#
# Not asked: a particular order inside the parts, or a particular draw.
#
# <details><summary>Hint 1: where to start</summary>
#
# The loop over the classes looks much like that of task 2: row numbers first, images
# last.
# </details>
# <details><summary>Hint 2: disjoint, and nothing lost</summary>
#
# Mix the row numbers of one class, then cut this one list in two. What is cut cannot
# overlap and cannot get lost.
# </details>
# <details><summary>Hint 3: small classes</summary>
#
# The number that goes to validation must lie between 1 and the size of the class minus 1:
# `min` and `max` keep it there. Check `fraction` before anything else; `0 < fraction < 1`
# is valid Python.
# </details>

# %% nbgrader={"grade": false, "grade_id": "split_train_validation", "locked": false, "schema_version": 3, "solution": true, "task": false}
def split_train_validation(images, labels, fraction, seed):
    """Split images into training and validation, the same fraction of every class.

    Args:
        images: Array of shape `(n, height, width, channels)`, any dtype. Not modified.
        labels: Integer array of shape `(n,)`, any values from 0 on; every class that
            occurs has at least 2 images. Not modified.
        fraction: float between 0 and 1, both excluded: the share of every class that
            goes to validation.
        seed: int, 0 or more. The same arguments with the same seed give the same split;
            another seed gives another one.

    Returns:
        `(train_images, train_labels), (validation_images, validation_labels)`. Every
        image is in exactly one part, with the label it had. Of a class with `m` images,
        `fraction * m` go to validation, give or take one, but at least 1 and at most
        `m - 1`.

    Raises:
        ValueError: `fraction` does not lie between 0 and 1.
    """
    ### BEGIN SOLUTION
    if not 0 < fraction < 1:
        raise ValueError(
            f"fraction must lie between 0 and 1, both excluded, got {fraction}"
        )
    generator = np.random.default_rng(seed)
    training, validation = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        held_back = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(rows[:held_back])
        training.extend(rows[held_back:])
    training = generator.permutation(training)
    validation = generator.permutation(validation)
    in_training = images[training], labels[training]
    return in_training, (images[validation], labels[validation])
    ### END SOLUTION


# %% [markdown]
# Try it. There are 40 images of each class; with `fraction=0.25`, 30 of each stay for
# training and 10 go to validation.

# %%
(larger_images, larger_labels), (smaller_images, smaller_labels) = (
    split_train_validation(images, labels, 0.25, seed=5)
)
print("training:  ", np.bincount(larger_labels))
print("validation:", np.bincount(smaller_labels))

# %% nbgrader={"grade": true, "grade_id": "check_split_train_validation", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 3
mixed_labels = np.repeat([0, 1, 4], [10, 6, 2])
# image i holds the number i
mixed_images = np.arange(18, dtype=np.uint8).reshape(18, 1, 1, 1)
for tried_fraction in (0.25, 0.5, 0.01, 0.99):
    parts = split_train_validation(mixed_images, mixed_labels, tried_fraction, 3)
    rows_of_parts = [np.ravel(part_images).tolist() for part_images, _ in parts]
    together = sorted(rows_of_parts[0] + rows_of_parts[1])
    assert together == list(range(18)), (
        "every image belongs into exactly one part; some are lost, or in both"
    )
    for part_rows, (_, part_labels) in zip(rows_of_parts, parts, strict=True):
        assert np.array_equal(mixed_labels[part_rows], part_labels), (
            "images and labels have come apart"
        )
    for tried_class, size in ((0, 10), (1, 6), (4, 2)):
        held = int(np.count_nonzero(np.asarray(parts[1][1]) == tried_class))
        report = (
            f"with fraction={tried_fraction}, {held} of {size} images of class"
            f" {tried_class} went to validation"
        )
        assert 1 <= held <= size - 1, f"{report}; each part needs at least one"
        assert abs(held - tried_fraction * size) <= 1, report
first_half, same_half, other_half = (
    set(
        np.ravel(
            split_train_validation(mixed_images, mixed_labels, 0.5, given_seed)[1][0]
        )
    )
    for given_seed in (3, 3, 4)
)
assert first_half == same_half, "the same seed gave two different splits"
assert first_half != other_half, "seeds 3 and 4 gave the same split; is the seed used?"
for refused_fraction in (0, 1, -0.2, 1.5):
    try:
        split_train_validation(mixed_images, mixed_labels, refused_fraction, 3)
    except ValueError:
        continue
    raise AssertionError(f"fraction={refused_fraction} should raise a ValueError")
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
# ## From pictures to networks
#
# A **backbone** is a network without its last layers: a picture goes in, a stack of small
# feature maps comes out. `transferlab.load_backbone(BACKBONE)` gives you one. `mini_vgg`,
# which goes with the drawings, has learned to tell 80 kinds of drawn emblems apart, among
# them no house and no car; the one that goes with the photographs has learned the
# thousand kinds of ImageNet. Every backbone here takes raw pixel values from 0 to 255 and
# scales them itself, so never scale the images before they go in.
#
# Four rules hold for every model you build in this exercise:
#
# 1. **In:** raw images, float32, values from 0 to 255. Scaling and augmentation belong
#    inside the model, as layers.
# 2. **Out:** probabilities of shape `(n, num_classes)` from a softmax, also for two
#    classes, so `(n, 2)` and not `(n, 1)`.
# 3. **Compiled** for integer labels 0, 1, …, with a metric named `accuracy`. Write
#    `metrics=` out: without it, `compile` takes a list in third place for its
#    `loss_weights`, and `fit` stops with an error about types.
# 4. **Built-in layers and `keras.ops` only**, and an input shape from the start. A
#    `Lambda` or a layer class of your own carries Python code, and the grader rebuilds
#    your model from its description without running any.
#
# The next cell holds a toy backbone that is small enough to understand completely, and
# `check_model`, which tests these rules.

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


def layers_inside(model):
    """Yield every layer of a model, and every layer of the models inside it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from layers_inside(layer)


def check_model(model, num_classes):
    """Stop with a sentence if a model breaks one of the four rules."""
    assert isinstance(model, keras.Model), (
        f"expected a keras.Model, got {type(model).__name__}; is there a `return`?"
    )
    assert model.built, (
        "the model does not know its input shape yet; start it with keras.Input"
    )
    for layer in layers_inside(model):
        built_in = type(layer).__module__.startswith("keras.") and not isinstance(
            layer, layers.Lambda
        )
        assert built_in, (
            f"layer {layer.name!r} is a {type(layer).__name__}; rule 4 asks for"
            " built-in layers, no Lambda"
        )
    pictures = (
        np.random.default_rng(0)
        .uniform(0, 255, (6, *model.input_shape[1:]))
        .astype("float32")
    )
    probabilities = np.asarray(model(pictures, training=False))
    assert probabilities.shape == (6, num_classes), (
        f"6 images gave {probabilities.shape}, not (6, {num_classes})"
    )
    sum_to_one = (
        np.allclose(probabilities.sum(axis=1), 1, atol=1e-4)
        and probabilities.min() >= 0
    )
    assert sum_to_one, (
        f"for one image the model says {probabilities[0].round(3)}, which are no"
        " probabilities (rule 2)"
    )
    assert model.compiled, "the model is not compiled (rule 3)"
    if os.environ.get("NBGRADER_EXECUTION") != "autograde":
        # says so if the grader could not look at this model by itself
        transferlab.note_not_carried(model)


# %% [markdown]
# ## Task 4: a new head on a frozen backbone (7 points)
#
# Put a small classifier, the *head*, on a backbone, and arrange that training changes the
# head only.
#
# The backbone already turns pictures into useful features. A head with few weights can
# learn from 400 images what to make of them, while the backbone, which has seen hundreds
# of thousands of pictures, stays exactly as it is. This is called **feature extraction**.
#
# **Example.** `build_feature_extractor(toy_backbone(), 3)` with the smallest possible
# head, global average pooling and one `Dense` layer, has 8 · 3 + 3 = 27 trainable
# parameters; the 814 of the backbone are frozen. After any number of training steps those
# 814 must be *bit for bit* what they were, moving averages of BatchNormalization
# included.
#
# The backbone you are given is yours to freeze: you may change the `trainable` flags of
# it and of its layers, but nothing else. The design of the head is free (more layers,
# dropout, augmentation in front, …), as are optimizer and learning rate, as long as the
# head learns: each of its layers that has weights, of which only a BatchNormalization may
# be frozen. Not asked: training. The function returns a model that is ready for `fit`.
#
# <details><summary>Hint 1: where to start</summary>
#
# The backbone gives feature maps, `(n, 2, 2, 128)` say, and a `Dense` layer wants one row
# of numbers per image. Which layer averages a map?
# </details>
# <details><summary>Hint 2: freezing</summary>
#
# A Keras layer has a flag `trainable`, and a whole model is a layer too. Setting the flag
# of a model sets it for all layers inside. For BatchNormalization, `trainable = False`
# also holds the moving averages.
# </details>
# <details><summary>Hint 3: putting it together</summary>
#
# Functional: an Input of the shape the backbone wants, the backbone called on it like a
# layer, your head layers, and a Model from input to output. Sequential: the same as a
# list. Softmax goes on the last layer, and the loss for integer labels has "sparse" in
# its name.
# </details>

# %% nbgrader={"grade": false, "grade_id": "build_feature_extractor", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_feature_extractor(backbone, num_classes):
    """Put a new, trainable head on a frozen backbone.

    Args:
        backbone: keras.Model, float32 images `(n, height, width, 3)` in [0, 255] ->
            feature maps, a 4-D tensor. The images need not be square. Its `trainable`
            flags may be changed, its weights not.
        num_classes: int, 2 or more.

    Returns:
        keras.Model, compiled for integer labels with the metric "accuracy": images as
        the backbone takes them -> float32 softmax probabilities `(n, num_classes)`. It
        holds `backbone` itself, not a copy, and has an optimizer of its own. In
        training, the weights of the new head change and no others.
    """
    ### BEGIN SOLUTION
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    features = layers.GlobalAveragePooling2D()(backbone(inputs))
    hidden = layers.Dense(64, activation="relu")(features)
    outputs = layers.Dense(num_classes, activation="softmax")(
        layers.Dropout(0.2)(hidden)
    )
    model = keras.Model(inputs, outputs, name="feature_extractor")
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
    ### END SOLUTION


# %% [markdown]
# Try it. At the bottom of the summary, the non-trainable parameters must be the 814 of
# the backbone; the trainable ones are those of your head.

# %%
build_feature_extractor(toy_backbone(), 3).summary()

# %% nbgrader={"grade": true, "grade_id": "check_build_feature_extractor", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 4
some_pictures = (
    np.random.default_rng(4).uniform(0, 255, (24, 8, 8, 3)).astype("float32")
)
some_labels = np.arange(24) % 3
tried_backbone = toy_backbone()
tried_model = build_feature_extractor(tried_backbone, 3)
check_model(tried_model, 3)
check_model(build_feature_extractor(toy_backbone(), 2), 2)
backbone_before = tried_backbone.get_weights()
head_before = [weight.numpy() for weight in tried_model.trainable_weights]
assert head_before, "nothing in this model can learn; is the head frozen too?"
tried_record = tried_model.fit(
    some_pictures, some_labels, batch_size=3, verbose=0
).history
assert "accuracy" in tried_record, (
    f"fit recorded {sorted(tried_record)}; a metric named accuracy is missing (rule 3)"
)
assert np.isfinite(tried_record["loss"][0]), (
    "the loss is not finite; is the learning rate far too large?"
)
for weight, before in zip(tried_backbone.weights, backbone_before, strict=True):
    assert np.array_equal(weight.numpy(), before), (
        f"one epoch of training changed {weight.path} of the backbone"
    )
head_after = [weight.numpy() for weight in tried_model.trainable_weights]
stayed = all(map(np.array_equal, head_before, head_after))
assert not stayed, (
    "one epoch of training changed nothing in the head; look at optimizer and learning"
    " rate"
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
# ## Task 5: let the last layers learn too (6 points)
#
# Prepare a model whose head is already trained for a second stage, in which the last
# layers of the backbone learn along with the head.
#
# Early layers see edges and blobs, which serve any picture; the last ones have
# specialised in what the backbone was trained on and may gain by learning your two
# classes. The learning rate is small, so that they are adjusted and not overwritten. And
# the head comes first, since the gradients of a random head would push good features
# about. This is called **fine-tuning**.
#
# **What counts as a layer.** Count the layers of `backbone.layers`, in order, that have
# weights and are not `BatchNormalization`. In the toy backbone these are `conv_1`,
# `conv_2` and `conv_3`.
#
# **Example.** With `unfrozen_layers = 2`, `conv_2` and `conv_3` learn, 222 + 440
# parameters, and the head. `norm_2` stands between them and stays frozen all the same.
# With 0, only the head learns; with 4, there are not enough layers, which is a
# `ValueError`.
#
# Five facts about Keras 3 decide whether your function works. All five were measured for
# this course:
#
# * **BatchNormalization of the backbone stays frozen**, and only `trainable = False` on
#   the layer itself does that. Many guides, Keras's own among them, call the backbone
#   with `training=False` instead. That holds the moving averages while the backbone is
#   frozen; once its layers are trainable, `fit` moves them all the same ([keras issue
#   20285](https://github.com/keras-team/keras/issues/20285)).
# * **Compile after you change flags.** The first `fit` turns the training step into a
#   graph and keeps it. Flags that change later are shown by `summary()` and ignored by
#   `fit`, until you compile again.
# * **A flag that already has the value is not set again.** If the layers were frozen one
#   by one, `backbone.trainable` is still `True`. Setting it to `True` then does nothing
#   at all, and the layers inside stay frozen.
# * **Name the metrics each time you compile.** Without them, Keras keeps those of the
#   time before, or has none.
# * **Compiling does not touch the weights.** It makes a new optimizer, and that is all
#   you need here: never build a new model in this function.
#
# Not asked: training, and a learning rate that changes by a schedule.
#
# <details><summary>Hint 1: where to start</summary>
#
# Make a list of the layers that count. `layer.weights` is empty for layers without
# weights, and `isinstance` finds the BatchNormalizations.
# </details>
# <details><summary>Hint 2: setting the flags</summary>
#
# Decide for *every* layer of the backbone, so that no flag is left over from the first
# stage. If you set the flag of the backbone as a whole, do it first: it overwrites the
# flags of all layers inside.
# </details>
# <details><summary>Hint 3: the last k</summary>
#
# `some_list[-k:]` gives the last k entries for k = 1, 2, 3, …, but what does it give for
# k = 0? Count from the front instead, or treat 0 apart.
# </details>

# %% nbgrader={"grade": false, "grade_id": "start_fine_tuning", "locked": false, "schema_version": 3, "solution": true, "task": false}
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    """Make the last layers trainable and compile the model for the second stage.

    Args:
        model: keras.Model with softmax output, compiled for integer labels, perhaps
            trained already: a head on `backbone`, which it contains as one layer or
            layer by layer. A flag set on a layer of `backbone` therefore holds in
            `model` too. Changed in place.
        backbone: keras.Model, the backbone inside `model`; all, some or none of it may
            be frozen, as a whole or layer by layer.
        unfrozen_layers: int, 0 or more: how many of its last layers learn, counting
            those that have weights and are not BatchNormalization.
        learning_rate: float, the constant learning rate of the second stage.

    Returns:
        `model` itself, with the weights it had, compiled with a new optimizer, the loss
        for integer labels and the metric "accuracy". In training, the weights of these
        layers and of the head change; everything else in the backbone stays,
        BatchNormalization always. To change `model` and return nothing will do, too.

    Raises:
        ValueError: `unfrozen_layers` is larger than the number of layers that count.
    """
    ### BEGIN SOLUTION
    counted = [
        layer
        for layer in backbone.layers
        if layer.weights and not isinstance(layer, layers.BatchNormalization)
    ]
    if unfrozen_layers > len(counted):
        raise ValueError(
            f"the backbone has {len(counted)} layers that count, {unfrozen_layers} were"
            " asked for"
        )
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = False
    for layer in counted[len(counted) - unfrozen_layers :]:
        layer.trainable = True
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
    ### END SOLUTION


# %% [markdown]
# Try it. The backbone alone should now have 222 + 440 = 662 trainable parameters and
# 814 − 662 = 152 frozen ones.

# %%
shown_backbone = toy_backbone()
shown_model = keras.Sequential(
    [shown_backbone, layers.Flatten(), layers.Dense(3, activation="softmax")]
)
start_fine_tuning(shown_model, shown_backbone, 2, 0.001)
shown_backbone.summary()

# %% nbgrader={"grade": true, "grade_id": "check_start_fine_tuning", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 5
noise_pictures = (
    np.random.default_rng(5).uniform(0, 255, (24, 8, 8, 3)).astype("float32")
)
noise_labels = np.arange(24) % 3
toy = toy_backbone()
toy.trainable = False
staged = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        toy,
        layers.Flatten(),
        layers.Dense(3, "softmax", name="head"),
    ]
)
staged.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
staged.fit(noise_pictures, noise_labels, verbose=0)
weights_before = {weight.path: weight.numpy() for weight in staged.weights}
returned = start_fine_tuning(staged, toy, 2, 0.004)
assert returned is None or returned is staged, (
    "the function should change the model it was given, and return that one"
)
for weight in staged.weights:
    assert np.array_equal(weight.numpy(), weights_before[weight.path]), (
        f"{weight.path} changed before any training"
    )
assert np.isclose(staged.optimizer.learning_rate.numpy(), 0.004), (
    "the learning rate should be 0.004"
)
staged_record = staged.fit(
    noise_pictures, noise_labels, batch_size=3, verbose=0
).history
assert "accuracy" in staged_record, (
    f"fit recorded {sorted(staged_record)}; a metric named accuracy is missing (rule 3)"
)
learned = {
    w.path.split("/")[-2]
    for w in staged.weights
    if not np.array_equal(w.numpy(), weights_before[w.path])
}
assert not learned & {"norm_1", "norm_2"}, (
    "a BatchNormalization changed; read the first of the five facts again"
)
assert learned == {"conv_2", "conv_3", "head"}, (
    f"conv_2, conv_3, head should learn; those that did: {sorted(learned)}"
)
try:
    start_fine_tuning(staged, toy, 4, 0.004)
except ValueError:
    pass
else:
    raise AssertionError(
        "the toy backbone has three layers that count; unfreezing four should raise a"
        " ValueError"
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
# ## Task 6: train all three (4 + 2 points)
#
# Now the comparison itself. The next cell draws pictures of the two classes afresh, so
# that a slip in tasks 1 to 3 does not follow you here: 200 images of each class to train
# on, 100 to watch, and 300 to test with at the very end. The first class of `COURSE.pair`
# is 0, the second is 1, and the pixels are float32 already.

# %% nbgrader={"grade": false, "grade_id": "training_data", "locked": true, "schema_version": 3, "solution": false, "task": false}
train = transferlab.load_images(
    DATA_SOURCE, "train", classes=COURSE.pair, per_class=200, seed=21
)
validation = transferlab.load_images(
    DATA_SOURCE, "validation", classes=COURSE.pair, per_class=100, seed=22
)
test = transferlab.load_images(
    DATA_SOURCE, "test", classes=COURSE.pair, per_class=300, seed=23
)
train_images, train_labels = train.images.astype("float32"), train.labels
validation_images = validation.images.astype("float32")
validation_labels = validation.labels
test_images, test_labels = test.images.astype("float32"), test.labels
keras.utils.set_random_seed(24)
shapes = [part.images.shape for part in (train, validation, test)]
print("train, validation, test:", *shapes)

# %% [markdown]
# **One mistake costs points once.** If your function of task 4 or 5 has lost points, the
# grader runs this task with a right one in its place. The second stage is judged by where
# your first one ended, whatever that was. Only if the cell of the first stage ends with
# an error, there is nothing to go on with: then what follows from it gets no points
# either.
#
# ### First: baseline and feature extraction (4 points)
#
# Train both on `train_images` and `train_labels`, in batches of `BATCH_SIZE`, with
# `validation_data`. Your cell leaves these names behind:
#
# | name | what it holds |
# |---|---|
# | `baseline_model` | a small convolutional network of your own, starting from random weights and with its own `Rescaling` layer, trained for `BASELINE_EPOCHS` epochs |
# | `feature_model` | your `build_feature_extractor` on `transferlab.load_backbone(BACKBONE)`, trained for `FEATURE_EPOCHS` epochs |
# | `histories` | a dictionary: what `fit` returned, under `"baseline"` and `"feature"` |
# | `feature_accuracy` | the accuracy of `feature_model` on all test images, a number between 0 and 1, with two decimals or more |
#
# Keep the backbone under a name of its own; the second stage needs it. And note the
# accuracy down *here*: the second stage goes on training the same network, and afterwards
# the feature extractor as it is now no longer exists.
#
# `feature_model` is judged on pictures nobody has seen, of which a frozen backbone with a
# small head gets about 95 in 100 right if they are drawings, and 80 in 100 if they are
# photographs; `feature_accuracy` must agree with what the grader measures on the same
# test images, and `histories` with what `fit` was seen to do: with these images, for so
# many epochs. A model that was never trained gets nothing. How good the baseline is does
# not count. Leave the test images alone until the end: what you choose by looking at
# them, they can no longer judge.
#
# <details><summary>Hint 1: a baseline</summary>
#
# Two or three rounds of `Conv2D` and `MaxPooling2D`, then the same kind of head as in
# task 4. Around 10,000 to 100,000 parameters are plenty.
# </details>
# <details><summary>Hint 2: an accuracy as a number</summary>
#
# `evaluate` returns the loss and the accuracy; `return_dict=True` gives them names.
# </details>
# <details><summary>Hint 3: the feature extractor is no better than guessing?</summary>
#
# Look at what you load (are the weights pretrained?), at what you feed (raw pixels,
# unscaled), and at the learning rate in task 4.
# </details>

# %% nbgrader={"grade": false, "grade_id": "train_baseline_and_features", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Leaves behind: baseline_model, feature_model, histories, feature_accuracy (see above).
histories = {}
### BEGIN SOLUTION
baseline_model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(2, activation="softmax"),
    ]
)
baseline_model.compile(
    optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
watched = {
    "batch_size": BATCH_SIZE,
    "validation_data": (validation_images, validation_labels),
    "verbose": 0,
}
histories["baseline"] = baseline_model.fit(
    train_images, train_labels, epochs=BASELINE_EPOCHS, **watched
)

pretrained = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(pretrained, 2)
histories["feature"] = feature_model.fit(
    train_images, train_labels, epochs=FEATURE_EPOCHS, **watched
)
feature_accuracy = feature_model.evaluate(
    test_images, test_labels, verbose=0, return_dict=True
)["accuracy"]
### END SOLUTION
print(f"feature extraction: {feature_accuracy:.3f} of the test images right")

# %% nbgrader={"grade": true, "grade_id": "check_feature_stage", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for the first stage of task 6
check_model(baseline_model, 2)
check_model(feature_model, 2)
for stage, expected_epochs in (
    ("baseline", BASELINE_EPOCHS),
    ("feature", FEATURE_EPOCHS),
):
    assert stage in histories, f'histories has no entry "{stage}"'
    stage_record = getattr(histories[stage], "history", histories[stage])
    assert "val_accuracy" in stage_record, (
        f"the {stage} history has no val_accuracy; was validation_data given to fit?"
    )
    epochs_seen = len(stage_record["val_accuracy"])
    assert epochs_seen == expected_epochs, (
        f"the {stage} history covers {epochs_seen} epochs, not {expected_epochs}"
    )
assert 0 <= feature_accuracy <= 1, (
    f"feature_accuracy is {feature_accuracy}, not a share from 0 to 1"
)
assert feature_accuracy > LEAST_ACCURACY, (
    f"feature_accuracy is {feature_accuracy:.3f}, well below what is usual; see hint 3"
)
transferlab.passed("Task 6, first stage: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ### Then: fine-tuning (2 points)
#
# Go on from where feature extraction ended: use your `start_fine_tuning` with
# `UNFROZEN_LAYERS` and `FINE_TUNING_RATE`, and train for `FINE_TUNING_EPOCHS` more epochs
# on the same images, with the same `validation_data`. Your cell leaves behind:
#
# | name | what it holds |
# |---|---|
# | `finetuned_model` | the model after both stages; it may be the same object as `feature_model` |
# | `histories["finetuned"]` | what this second `fit` returned |
# | `finetuned_accuracy` | its accuracy on all test images, a number between 0 and 1, with two decimals or more |
#
# `finetuned_model` is judged like `feature_model`. It need not be better: with two
# classes the gain is small, and sometimes there is none.
#
# `FINE_TUNING_RATE` depends on where the pictures come from. For drawings and a small
# network it is 3e-4. For photographs and a deeper one it is 3e-5, which gains there in
# most of ten draws, while 3e-4 loses in most.

# %% nbgrader={"grade": false, "grade_id": "train_fine_tuned", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Leaves behind: finetuned_model, histories["finetuned"], finetuned_accuracy.
### BEGIN SOLUTION
finetuned_model = start_fine_tuning(
    feature_model, pretrained, UNFROZEN_LAYERS, FINE_TUNING_RATE
)
histories["finetuned"] = finetuned_model.fit(
    train_images, train_labels, epochs=FINE_TUNING_EPOCHS, **watched
)
finetuned_accuracy = finetuned_model.evaluate(
    test_images, test_labels, verbose=0, return_dict=True
)["accuracy"]
### END SOLUTION
print(f"fine-tuning: {finetuned_accuracy:.3f} of the test images right")

# %% nbgrader={"grade": true, "grade_id": "check_fine_tuned_stage", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for the second stage of task 6
check_model(finetuned_model, 2)
assert "finetuned" in histories, 'histories has no entry "finetuned"'
second_record = getattr(histories["finetuned"], "history", histories["finetuned"])
assert "val_accuracy" in second_record, (
    "the finetuned history has no val_accuracy; was validation_data given to fit?"
)
second_epochs = len(second_record["val_accuracy"])
assert second_epochs == FINE_TUNING_EPOCHS, (
    f"this history covers {second_epochs} epochs, not {FINE_TUNING_EPOCHS}"
)
assert 0 <= finetuned_accuracy <= 1, (
    f"finetuned_accuracy is {finetuned_accuracy}, not a share from 0 to 1"
)
assert finetuned_accuracy > LEAST_ACCURACY, (
    f"finetuned_accuracy is only {finetuned_accuracy:.3f}; what did it start from?"
)
transferlab.passed("Task 6, second stage: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 7: look at it, and say what you see (1 + 4 points)
#
# ### The figure (1 point)
#
# Draw one figure with the validation accuracy of all three over the epochs: three lines,
# labelled `baseline`, `feature` and `finetuned`.
#
# `transferlab.plot_histories(histories)` draws it in one line; a few lines of matplotlib,
# pandas or seaborn are just as good. The line of fine-tuning may start at epoch 1 or go
# on where feature extraction stopped. Titles, colours and style are up to you.

# %% nbgrader={"grade": false, "grade_id": "figure", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Draws one figure with three labelled lines.
### BEGIN SOLUTION
transferlab.plot_histories(histories, metric="val_accuracy");
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_figure", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The figure is judged by what it shows when it is drawn; here we only make sure that
# there is something to draw.
missing_curves = {"baseline", "feature", "finetuned"} - set(histories)
assert not missing_curves, (
    f"histories has no entry for {', '.join(sorted(missing_curves))}"
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
# And on the test images, which none of the three has seen. An accuracy measured on 600
# images is itself uncertain: around 0.95, its standard error is √(0.95 · 0.05 / 600) ≈
# 0.009. So a gap of a hundredth or two between two models can be chance.

# %%
result = baseline_model.evaluate(test_images, test_labels, return_dict=True, verbose=0)
accuracies = {
    "baseline": result["accuracy"],
    "feature": feature_accuracy,
    "finetuned": finetuned_accuracy,
}
transferlab.show(
    transferlab.plot_comparison(accuracies, chance=0.5),
    alt="Test accuracy: "
    + ", ".join(f"{name} {reached:.3f}" for name, reached in accuracies.items()),
)

# %% [markdown]
# ### The question (4 points, read by a person)
#
# Explain your result in 120 to 200 words, with the numbers you measured:
#
# 1. Why does feature extraction beat the baseline with 200 images of each class? How much
#    of the gap may be due to the equal, small number of epochs rather than to the
#    pretrained weights, and how could you find out?
# 2. What would you expect of the gap with 20 images of each class, and with 20,000?
# 3. The backbone has learned something close to our pictures: emblems drawn by the same
#    program as the drawings, from the same simple shapes; or large photographs of a
#    thousand kinds, as against small ones. What would you expect of a backbone that was
#    trained on something far away, for instance on X-ray images?
#
# | points | what the answer shows |
# |---|---|
# | **4** | All three parts, reasoned from own numbers: what the features spare the head from learning; which way the gap moves with more or fewer images, and why; that source and target are close here, so this gain is no promise for a distant source. |
# | **2** | The right direction in at least two parts, but claims without reasons, or reasons without the numbers. |
# | **0** | Restates the accuracies, or explains them by something this experiment cannot show ("fine-tuning is always best"). |
#
# 3 and 1 lie in between.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# For the grader: what follows is one full answer, for houses and cars. The numbers are
# means over runs of the reference on one machine; a student's own numbers count, and
# reasons other than these are as good if the experiment bears them out.
#
# 1. With 200 images of each class, my baseline got 0.75 of the test images right (six
#    runs, ± 0.04), feature extraction 0.963 and fine-tuning 0.975. The baseline had to
#    learn everything from 400 pictures: edges, corners, then roofs and wheels, in any
#    colour and place. The backbone brings such features along, and the head only has to
#    weigh 128 of them. Part of the gap is training time, as 12 epochs are 156 steps. I
#    trained the baseline for 60 epochs instead and it reached 0.80, so about 0.05 of the
#    gap of 0.21 comes from the short training and the rest from the weights.
#
# 2. With 20 images of each class I expect a wider gap, since there is even less to learn
#    shapes from (tried, with five times the epochs: 0.60 against 0.94). With 20,000 the
#    baseline can learn its own features, so the gap should almost close (at 2,000 it was
#    0.90 against 0.97), and the frozen features may become the limit; then unfreezing
#    more pays.
#
# 3. Source and target share program and simple shapes, so this gain is the best case.
#    Features from X-ray images would fit drawings less, the last layers least. I would
#    expect a smaller gain, need more unfrozen layers, and compare with `weights=None` to
#    see what the pretraining is still worth.
# ### END SOLUTION

# %% [markdown]
# ## If you like: your own pair, your own pictures (not judged)
#
# Some pairs are harder than others. Name two of the ten classes and see how far feature
# extraction gets.

# %%
own_pair = None  # two of class_names

if own_pair is not None:
    own_train = transferlab.load_images(
        DATA_SOURCE, "train", classes=own_pair, per_class=200, seed=31
    )
    own_test = transferlab.load_images(
        DATA_SOURCE, "test", classes=own_pair, per_class=300, seed=33
    )
    own_model = build_feature_extractor(transferlab.load_backbone(BACKBONE), 2)
    own_model.fit(
        own_train.images,
        own_train.labels,
        batch_size=BATCH_SIZE,
        epochs=FEATURE_EPOCHS,
        verbose=0,
    )
    own_result = own_model.evaluate(
        own_test.images, own_test.labels, verbose=0, return_dict=True
    )
    print(
        f"{own_pair[0]} or {own_pair[1]}: {own_result['accuracy']:.3f} of the test"
        " images right"
    )

# %% [markdown]
# With pictures of your own, put them beside this notebook in a folder `my_pictures`, with
# one subfolder for each class (`my_pictures/cat`, `my_pictures/dog`, …; jpg or png, a few
# dozen of each). They are cropped to squares and shrunk to 32×32. Photographs are far
# from the emblems that `mini_vgg` has learned, so be prepared for less. Leave the folder
# out when you hand in.

# %%
from pathlib import Path

own_folder = Path("my_pictures")

if own_folder.is_dir():
    own_split, own_watch = keras.utils.image_dataset_from_directory(
        own_folder,
        image_size=(32, 32),
        crop_to_aspect_ratio=True,
        validation_split=0.25,
        subset="both",
        seed=34,
    )
    own_classifier = build_feature_extractor(
        transferlab.load_backbone(BACKBONE), len(own_split.class_names)
    )
    own_history = own_classifier.fit(
        own_split, validation_data=own_watch, epochs=FEATURE_EPOCHS, verbose=0
    )
    print(
        own_split.class_names,
        "validation accuracy",
        round(own_history.history["val_accuracy"][-1], 3),
    )
else:
    print("no folder my_pictures here, which is fine")
