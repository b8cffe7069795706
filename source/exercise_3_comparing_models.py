# %% [markdown]
# # Exercise 3: Which model to take
#
# There are dozens of pretrained networks. The most accurate one may be too slow for a
# camera that takes thirty pictures a second, and too large for an app. In this exercise
# you compare three backbones fairly, and recommend one of them for accuracy, one for
# speed and one for size.
#
# First you decide *how you will decide*, on a table that somebody else has measured
# (tasks 1 and 2). Then you fix what is written down and how (3 and 4). Only then do you
# measure (5 to 7), so that the numbers cannot talk you into the rules.
#
# | task | you write | points |
# |---|---|---|
# | 1 | `pareto_front` | 5 |
# | 2 | `recommend` | 4 |
# | 3 | `summarise_run` | 3 |
# | 4 | `comparison_table` | 3 |
# | 5 | `sizes`: how large six networks are | 2 |
# | 6 | `profile_backbone` | 4 |
# | 7 | the comparison of three backbones | 4 |
# | 8 | two plots, and a recommendation in your own words | 1 + 4 |
#
# You need a little pandas (a table, its columns, sorting), a little Keras (build, compile
# and fit a model), and about two hours. The whole notebook computes in about half a
# minute.
#
# **How your work is judged.** By what your functions and models *do*, on other data than
# you see here, never by how the code looks. Loops or pandas, functional or `Sequential`
# models, a backbone nested as one layer or laid out flat: all are fine. No order of
# speeds or accuracies is expected: what you measure is what counts. Later tasks are
# judged on data of their own, so a mistake costs its points only once: what a function
# has lost points for is not charged again where a later one, or the comparison of task 7,
# uses it. Only where a function stops with an error there is nothing to judge in a cell
# that runs it, and that cell's points are lost, too.
#
# The cells headed *Visible checks* catch the usual slips while you work; the grader tries
# more cases than they do, and runs no checks: use no name in an answer that only a check
# sets. Locked cells, checks included, are put back as they were before your notebook is
# judged, so add cells of your own rather than changing those. Before you hand in, restart
# the kernel and run all cells, or let this do it for you:
# `python -m transferlab check exercise_3_comparing_models.ipynb`

# %%
FAST = False  # True halves the epochs while you try things; graded with all of them

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

# TensorFlow then rounds the way it does for the grader, and keeps notes about this
# computer's processor to itself.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import keras
import numpy as np
import pandas as pd
from keras import layers

import transferlab

DATA_SOURCE = "sketches"  # where the pictures come from; your instructor's choice
COURSE = transferlab.course_data(DATA_SOURCE)
BACKBONES = COURSE.compared_backbones  # which backbones you compare
LARGE_NETWORKS = ("vgg16", "resnet50", "mobilenet_v2")  # which others you only look at
BATCH_SIZE = 32
EPOCHS = 4
if globals().get("FAST") and os.environ.get("NBGRADER_EXECUTION") != "autograde":
    EPOCHS = 2
PREDICT_IMAGES = 64  # how many images one timed call of predict gets
COLUMNS = ["name", "parameters", "seconds_per_epoch", "val_accuracy", "ms_per_image"]

# %% [markdown]
# ## Tables
#
# The comparison ends in a table with one row for each backbone and these columns:
#
# | column | | what it holds | better is |
# |---|---|---|---|
# | `name` | str | name of the backbone | |
# | `parameters` | int | how many numbers the backbone is made of, without the head | less |
# | `seconds_per_epoch` | float | how long one epoch of training takes | less |
# | `val_accuracy` | float | best accuracy on the validation images, from 0 to 1 | more |
# | `ms_per_image` | float | milliseconds the trained model needs for one image | less |
#
# The tables that your functions are given are pandas DataFrames, in any order and with
# any index, as sorting and filtering leave it; no label stands twice in it. Where you
# return a table, a DataFrame, a list of dictionaries (one for each row) or a dictionary
# of columns are equally good.
#
# The first table comes from the [Keras
# documentation](https://keras.io/api/applications/): eight networks, their accuracy on
# ImageNet, and their time on a processor. The documentation gives the time of a whole
# batch of 32 images, so we divide by 32.

# %% nbgrader={"grade": false, "grade_id": "published", "locked": true, "schema_version": 3, "solution": false, "task": false}
published = pd.DataFrame(
    [
        ("VGG16", 138_357_544, 0.713, 69.5),
        ("ResNet50", 25_636_712, 0.749, 58.2),
        ("InceptionV3", 23_851_784, 0.779, 42.2),
        ("MobileNet", 4_253_864, 0.704, 22.6),
        ("MobileNetV2", 3_538_984, 0.713, 25.9),
        ("DenseNet121", 8_062_504, 0.750, 77.1),
        ("EfficientNetB0", 5_330_571, 0.771, 46.0),
        ("NASNetMobile", 5_326_716, 0.744, 27.0),
    ],
    columns=["name", "parameters", "val_accuracy", "ms_per_batch"],
)
published["ms_per_image"] = published["ms_per_batch"] / 32
published

# %% [markdown]
# ## Task 1: what nobody needs (5 points)
#
# Remove from a table every row that no one would choose, whatever they care about.
#
# VGG16 and MobileNetV2 have the same accuracy, and MobileNetV2 is smaller and faster. So
# there is no reason left to take VGG16: MobileNetV2 *beats* it. **One row beats another
# if it is at least as good in all three of accuracy, parameters and milliseconds, and
# better in at least one.** The rows that no other row beats are called the **Pareto
# front**. Between two of them you have to choose; nothing is free there.
#
# **Example.**
#
# | name | parameters | val_accuracy | ms_per_image | |
# |---|---|---|---|---|
# | ant | 100 | 0.70 | 2.0 | stays |
# | bee | 100 | 0.70 | 3.0 | goes: ant is as small and as accurate, and faster |
# | cat | 300 | 0.80 | 3.0 | stays: nothing is as accurate |
# | dog | 100 | 0.70 | 2.0 | stays: exactly as good as ant, but ant is not *better* in anything |
# | elk | 400 | 0.75 | 4.0 | goes: cat is better in everything |
#
# The answer holds ant, cat and dog, in this order. Rows keep all columns they had, also
# those that play no part here, such as `seconds_per_epoch`. Numbers are compared as they
# are, without any tolerance. Not asked: a particular index of the DataFrame, and tables
# without rows.
#
# <details><summary>Hint 1: where to start</summary>
#
# Write a small function first that says of two rows whether one beats the other. Try it
# on ant and bee, and on ant and dog, in both directions.
# </details>
# <details><summary>Hint 2: at least as good in all, better in one</summary>
#
# These are two conditions, joined by *and*: three comparisons with ≥ or ≤ that must all
# hold, and three with > or < of which one is enough. More accuracy is better, fewer
# parameters and milliseconds are.
# </details>
# <details><summary>Hint 3: putting it together</summary>
#
# Two loops over the rows give, for each row, whether *any* row beats it. (A row never
# beats itself, so it need not be left out.) Collect one True or False for each row, and
# use the list as a mask: `table[mask]` keeps order and columns and makes a new table.
# </details>

# %% nbgrader={"grade": false, "grade_id": "pareto_front", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pareto_front(table):
    """Keep the rows that no other row beats.

    Args:
        table: DataFrame with at least the columns `parameters`, `val_accuracy` and
            `ms_per_image`, all finite numbers, and at least one row. Not modified.

    Returns:
        Table with the rows of `table` that are not beaten, in the order they had, with
        all columns. A row is beaten if some other row is at least as good in all three
        (accuracy: at least as high; parameters and milliseconds: at most as high) and
        better in at least one of them. Rows that are equal in all three do not beat
        each other.
    """
    ### BEGIN SOLUTION
    costs = np.column_stack(
        [-table["val_accuracy"], table["parameters"], table["ms_per_image"]]
    )
    beaten = [
        any(np.all(other <= row) and np.any(other < row) for other in costs)
        for row in costs
    ]
    return table[~np.array(beaten)]
    ### END SOLUTION


# %% [markdown]
# Try it. Of the eight published networks, three are beaten: VGG16, ResNet50 and
# DenseNet121. In the figure, which looks at accuracy and time only, a fourth seems to be:
# EfficientNetB0 is slower than InceptionV3 and less accurate. It is saved by being less
# than a quarter of the size.

# %%
print(
    pd.DataFrame(pareto_front(published))[
        ["name", "parameters", "val_accuracy", "ms_per_image"]
    ]
)
transferlab.show(
    transferlab.plot_trade_off(
        published, x="ms_per_image", name="name", x_label="time per image (ms)"
    ),
    alt=(
        "A point for each of the eight published networks: time per image to the right,"
        " accuracy upwards."
    ),
)

# %% nbgrader={"grade": true, "grade_id": "check_pareto_front", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
animals = pd.DataFrame(
    {
        "name": ["ant", "bee", "cat", "dog", "elk"],
        "parameters": [100, 100, 300, 100, 400],
        "seconds_per_epoch": [1.0, 2.0, 3.0, 4.0, 5.0],
        "val_accuracy": [0.70, 0.70, 0.80, 0.70, 0.75],
        "ms_per_image": [2.0, 3.0, 3.0, 2.0, 4.0],
    }
)
untouched_animals = animals.copy()
front = pd.DataFrame(pareto_front(animals))
assert animals.equals(untouched_animals), (
    "pareto_front changed the table it was given; work on a copy"
)
kept_columns = list(front)
assert set(animals) <= set(front), (
    f"only {kept_columns} came back; the rows should keep all columns they had"
)
front_names = front["name"].tolist()
assert "elk" not in front_names, (
    "elk should go: cat is more accurate, smaller and faster"
)
assert "bee" not in front_names, (
    "bee should go: ant is as accurate and as small, and faster"
)
assert "cat" in front_names, "cat should stay: nothing else is as accurate"
assert {"ant", "dog"} <= set(front_names), (
    "ant and dog are equal, so neither beats the other, and both should stay"
)
assert front_names == ["ant", "cat", "dog"], (
    f"the rows came back as {front_names}, not in the order of the table"
)
assert list(front["seconds_per_epoch"]) == [1.0, 3.0, 4.0], (
    "the rows should keep all columns they had"
)
survivors = set(pd.DataFrame(pareto_front(published))["name"])
assert "EfficientNetB0" in survivors, (
    "EfficientNetB0 should stay: InceptionV3 is more accurate and faster, but larger"
)
assert "MobileNetV2" in survivors, "MobileNetV2 should stay: nothing is smaller"
assert "MobileNet" in survivors, (
    "MobileNet should stay: nothing is faster; are all three columns looked at?"
)
assert len(survivors) == 5, (
    f"of the published networks these came back: {sorted(survivors)}; five should"
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
# ## Task 2: one name for each purpose (4 points)
#
# From a table, name the network to take for a given purpose.
#
# | scenario | take the row with | for instance |
# |---|---|---|
# | `"accuracy"` | the highest `val_accuracy` | an archive that is labelled once, overnight |
# | `"speed"` | the fewest `ms_per_image` | a camera above a conveyor belt |
# | `"size"` | the fewest `parameters` | an app that people download |
#
# If several rows are equally good in this one column, take the one with the fewest
# parameters among them; if there are still several, the one whose name comes first in the
# alphabet. So the answer never depends on the order of the rows.
#
# **Example.** In the table of task 1, `"accuracy"` gives `"cat"`. For `"speed"`, ant and
# dog both need 2 ms and both have 100 parameters; the alphabet decides for `"ant"`.
# `recommend(table, "beauty")` raises a ValueError.
#
# <details><summary>Hint 1: where to start</summary>
#
# Three scenarios, three columns; in one of them more is better, in two of them less. What
# happens with any other word?
# </details>
# <details><summary>Hint 2: ties</summary>
#
# Sorting by several columns at once breaks ties: the second column only matters where the
# first is equal, the third where both are. In which direction does each go?
# </details>
# <details><summary>Hint 3: putting it together</summary>
#
# `table.sort_values([first, second, third], ascending=[…, …, …])` makes a new, sorted
# table; `.iloc[0]` is its first row. In plain Python, `min` with a `key` that returns a
# tuple does the same.
# </details>

# %% nbgrader={"grade": false, "grade_id": "recommend", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recommend(table, scenario):
    """Name the best network for one purpose.

    Args:
        table: DataFrame with at least the columns `name`, `parameters`, `val_accuracy`
            and `ms_per_image`, numbers finite, no name twice, at least one row. Not
            modified.
        scenario: "accuracy" (highest `val_accuracy`), "speed" (lowest `ms_per_image`)
            or "size" (fewest `parameters`).

    Returns:
        str, the name in the best row. Among rows that are equal in this column the one
        with the fewest parameters is best, and among those with equally few the one
        whose name comes first in the alphabet.

    Raises:
        ValueError: `scenario` is none of the three.
    """
    ### BEGIN SOLUTION
    cost = {
        "accuracy": -table["val_accuracy"],
        "speed": table["ms_per_image"],
        "size": table["parameters"],
    }
    if scenario not in cost:
        raise ValueError(
            f"there is no scenario {scenario!r}; choose one of {', '.join(cost)}"
        )
    ranked = sorted(
        zip(cost[scenario], table["parameters"], table["name"], strict=True)
    )
    return ranked[0][2]
    ### END SOLUTION


# %% [markdown]
# Try it. For the published networks, you should see InceptionV3 for accuracy, MobileNet
# for speed and MobileNetV2 for size.

# %%
for purpose in ("accuracy", "speed", "size"):
    print(f"{purpose:9}", recommend(published, purpose))

# %% nbgrader={"grade": true, "grade_id": "check_recommend", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 2
zoo = pd.DataFrame(
    {
        "name": ["dog", "bee", "cat", "ant", "yak", "fox"],
        "parameters": [100, 100, 300, 100, 300, 500],
        "val_accuracy": [0.70, 0.70, 0.80, 0.70, 0.75, 0.80],
        "ms_per_image": [2.0, 3.0, 3.0, 2.0, 1.0, 1.0],
    }
)
untouched_zoo = zoo.copy()
for purpose, best_name in (
    ("accuracy", "InceptionV3"),
    ("speed", "MobileNet"),
    ("size", "MobileNetV2"),
):
    named = recommend(published, purpose)
    assert named == best_name, (
        f"for {purpose}, {named!r} came back; the best published network is {best_name}"
    )
named = recommend(zoo, "accuracy")
assert named == "cat", (
    f"cat and fox are equally accurate and cat is smaller, but {named!r} came back"
)
named = recommend(zoo, "speed")
assert named == "yak", (
    f"yak and fox are equally fast and yak is smaller, but {named!r} came back"
)
named = recommend(zoo, "size")
assert named == "ant", (
    f"ant, bee and dog are equally small, so the alphabet decides for ant; {named!r}"
    " came back"
)
assert zoo.equals(untouched_zoo), (
    "recommend changed the table it was given; work on a copy"
)
for refused_scenario in ("beauty", "", "Accuracy"):
    try:
        recommend(zoo, refused_scenario)
    except ValueError:
        continue
    raise AssertionError(
        f"scenario={refused_scenario!r} should raise a ValueError; see the last part of"
        " the contract"
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
# ## Task 3: from stopwatch to table (3 points)
#
# Turn what was recorded while a model trained and predicted into three numbers.
#
# Every time you measure something, it comes out a little different, and some measurements
# are special:
#
# * **The first epoch is slow**, because TensorFlow first turns the training step into a
#   graph. It says nothing about the network, so it is left out.
# * **Other programs disturb.** A backup that starts in the middle of an epoch makes it
#   three times as long. The mean would suffer, the *median* does not: half of the values
#   lie below it, half above, and for an even number of values it is the mean of the two
#   in the middle.
# * **Accuracy on validation images goes up and down.** What we want is the model after
#   its best epoch, so the *maximum* counts.
#
# **Example.** Accuracies `[0.50, 0.75, 0.70]` and epochs of `[9.0, 1.0, 2.0]` seconds;
# three calls of `predict` for 50 images each took `[0.10, 0.30, 0.11]` seconds. The best
# accuracy is 0.75. The epochs after the first have the median 1.5 seconds. The median
# call took 0.11 seconds, that is 110 milliseconds for 50 images, 2.2 for one. So the
# answer is `{"val_accuracy": 0.75, "seconds_per_epoch": 1.5, "ms_per_image": 2.2}`.
#
# The calls of `predict` are all counted: whoever measured them has already left out a
# first one to warm up. Do not round.
#
# <details><summary>Hint 1: where to start</summary>
#
# `np.median` and `max`, and a slice that leaves out the first entry of a list.
# </details>
# <details><summary>Hint 2: units</summary>
#
# Seconds for a call → milliseconds for a call → milliseconds for one image. Check with
# the example: 0.11 seconds and 50 images make 2.2 ms.
# </details>

# %% nbgrader={"grade": false, "grade_id": "summarise_run", "locked": false, "schema_version": 3, "solution": true, "task": false}
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    """Sum up what was recorded of one model.

    Args:
        val_accuracies: List of floats, one for each epoch: accuracy on the validation
            images after it, from 0 to 1. Not modified, nor are the other two lists.
        epoch_seconds: List of floats, one for each epoch, two or more: how long it
            took.
        predict_seconds: List of floats, one or more: how long each call of `predict`
            took, warm-up already left out.
        images_per_call: int, how many images each of these calls was given.

    Returns:
        dict with three floats: "val_accuracy", the highest accuracy;
        "seconds_per_epoch", the median of all epochs but the first; "ms_per_image", the
        median time of a call, in milliseconds, divided by the images of a call.
    """
    ### BEGIN SOLUTION
    return {
        "val_accuracy": float(max(val_accuracies)),
        "seconds_per_epoch": float(np.median(epoch_seconds[1:])),
        "ms_per_image": float(1000 * np.median(predict_seconds) / images_per_call),
    }
    ### END SOLUTION


# %% [markdown]
# Try it on the example: 0.75, 1.5 and 2.2.

# %%
summarise_run([0.50, 0.75, 0.70], [9.0, 1.0, 2.0], [0.10, 0.30, 0.11], 50)

# %% nbgrader={"grade": true, "grade_id": "check_summarise_run", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 3
summary = dict(
    summarise_run([0.50, 0.75, 0.70], [9.0, 1.0, 2.0], [0.10, 0.30, 0.11], 50)
)
assert set(summary) == {"val_accuracy", "seconds_per_epoch", "ms_per_image"}, (
    f"the answer has the keys {list(summary)}"
)
assert np.isclose(summary["val_accuracy"], 0.75), (
    f"val_accuracy is {summary['val_accuracy']}, the best epoch had 0.75"
)
seconds = summary["seconds_per_epoch"]
assert not np.isclose(seconds, 2.0), (
    "seconds_per_epoch is 2.0, the median of all three epochs; leave out the first"
)
assert np.isclose(seconds, 1.5), (
    f"seconds_per_epoch is {seconds}; the epochs after the first have the median 1.5"
)
ms = summary["ms_per_image"]
assert not np.isclose(ms, 110), (
    "ms_per_image is 110, which is the time for all 50 images"
)
assert not np.isclose(ms, 0.0022), "ms_per_image is 0.0022, which is in seconds"
assert np.isclose(ms, 2.2), (
    f"ms_per_image is {ms}; the median call took 0.11 s for 50 images, which is 2.2 ms"
    " for one"
)
summary = dict(summarise_run([0.6, 0.5], [5.0, 1.0, 1.0, 4.0], [0.2, 0.4], 100))
assert np.isclose(summary["seconds_per_epoch"], 1.0), (
    "1, 1 and 4 seconds have the median 1 (the mean would be 2)"
)
assert np.isclose(summary["ms_per_image"], 3.0), (
    "0.2 s and 0.4 s have the median 0.3 s, which makes 3 ms for an image"
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
# ## Task 4: a table worth reading (3 points)
#
# Put the rows of several backbones into one table, the most accurate first.
#
# A row is a dictionary with the five entries of `COLUMNS`; you get a list of them. The
# table is sorted by `val_accuracy`, the highest first. Rows with equal accuracy are
# sorted by `parameters`, the fewest first, and if these are equal too, by `name`. A
# comparison of fewer than three is not one, and a network that appears twice has been
# measured twice or mixed up: both are a ValueError.
#
# **Example.** Rows of `ant` (accuracy 0.70, 100 parameters), `cat` (0.80, 300) and `bee`
# (0.70, 90) come back as cat, bee, ant.
#
# <details><summary>Hint 1: where to start</summary>
#
# `pd.DataFrame(rows)` makes a table of a list of dictionaries. What has to be looked at
# before that?
# </details>
# <details><summary>Hint 2: sorting</summary>
#
# `sort_values` takes a list of columns, and a list for `ascending`. `set` of the names
# shows whether one occurs twice.
# </details>

# %% nbgrader={"grade": false, "grade_id": "comparison_table", "locked": false, "schema_version": 3, "solution": true, "task": false}
def comparison_table(rows):
    """Put rows together, the most accurate first.

    Args:
        rows: List of dictionaries, one for each backbone, each with the entries "name",
            "parameters", "seconds_per_epoch", "val_accuracy" and "ms_per_image". Not
            modified.

    Returns:
        Table with these five columns, in any order of columns, and one row for each
        dictionary, its values unchanged. The rows are sorted by `val_accuracy`, highest
        first; where that is equal by `parameters`, fewest first; where that is equal
        too by `name`, in alphabetical order.

    Raises:
        ValueError: There are fewer than three rows, or two of them have the same name.
    """
    ### BEGIN SOLUTION
    names = [row["name"] for row in rows]
    if len(rows) < 3 or len(set(names)) < len(rows):
        raise ValueError(
            f"a comparison needs at least three different networks, got {names}"
        )
    table = pd.DataFrame(rows)[COLUMNS]
    return table.sort_values(
        ["val_accuracy", "parameters", "name"],
        ascending=[False, True, True],
        ignore_index=True,
    )
    ### END SOLUTION


# %% [markdown]
# Try it. You should see cat, bee and ant, in this order.

# %%
example_rows = [
    dict(zip(COLUMNS, values, strict=True))
    for values in [
        ("ant", 100, 1.0, 0.7, 2.0),
        ("cat", 300, 3.0, 0.8, 3.0),
        ("bee", 90, 2.0, 0.7, 1.0),
    ]
]
pd.DataFrame(comparison_table(example_rows))

# %% nbgrader={"grade": true, "grade_id": "check_comparison_table", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 4
given_rows = [
    dict(zip(COLUMNS, values, strict=True))
    for values in [
        ("ant", 100, 1.0, 0.7, 2.0),
        ("cat", 300, 3.0, 0.8, 3.0),
        ("bee", 90, 2.0, 0.7, 1.0),
        ("ape", 100, 4.0, 0.7, 4.0),
    ]
]
made_table = pd.DataFrame(comparison_table(given_rows))
missing_columns = set(COLUMNS) - set(made_table)
assert not missing_columns, (
    f"the table lacks the columns {', '.join(sorted(missing_columns))}"
)
assert len(made_table) == 4, f"four rows went in, {len(made_table)} came out"
assert made_table["name"].iloc[0] == "cat", (
    f"{made_table['name'].iloc[0]} stands first, but cat is the most accurate"
)
made_names = made_table["name"].tolist()
assert made_names == ["cat", "bee", "ant", "ape"], (
    f"the order is {made_names}: look at how ties are broken"
)
by_name = made_table.set_index("name")
assert np.isclose(by_name.loc["bee", "ms_per_image"], 1.0), (
    "bee came in with 1.0 ms; rows should keep their values"
)
for refused_rows, reason in (
    (given_rows[:2], "two rows"),
    ([*given_rows, given_rows[0]], "a name twice"),
):
    try:
        comparison_table(refused_rows)
    except ValueError:
        continue
    raise AssertionError(
        f"{reason} should raise a ValueError; see the last part of the contract"
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
# ## Task 5: how large is a network? (2 points)
#
# Size is the one property you need no stopwatch for: count the parameters, and you know
# it exactly. Look at the three backbones of this exercise and at three large ones that
# are used everywhere. None of the six includes a classifier, and the pictures are 32×32.
#
# The ImageNet weights of the large ones are downloaded separately and may not be on your
# computer. That does not matter here: `load_or_random` then gives you random weights, and
# a network is as large with these as with any others.
#
# Your cell leaves a table `sizes` behind, with one row for each of `BACKBONES` and
# `LARGE_NETWORKS`, in any order, and these columns:
#
# | column | |
# |---|---|
# | `name` | as in `BACKBONES` and `LARGE_NETWORKS` |
# | `parameters` | a whole number: *all* parameters of the backbone, trainable or not |
# | `megabytes` | float: what they take up as float32 numbers, at 4 bytes each; one megabyte is 1,000,000 bytes. Rounding to one decimal is fine |
#
# **Example.** MobileNetV2 has 2,257,984 parameters, which makes 9.0 megabytes. Of these,
# 34,112 are never trained: the moving averages of BatchNormalization. They belong to the
# network all the same, as it computes nothing useful without them.
#
# <details><summary>Hint 1: where to start</summary>
#
# Every Keras model counts its own parameters; the method's name begins with `count`.
# </details>
# <details><summary>Hint 2: the table</summary>
#
# Collect one dictionary for each name in a list. `(*BACKBONES, *LARGE_NETWORKS)` are the
# six names.
# </details>

# %% nbgrader={"grade": false, "grade_id": "load_or_random", "locked": true, "schema_version": 3, "solution": false, "task": false}
def load_or_random(name):
    """Load a backbone with pretrained weights if they are here, else random ones."""
    try:
        return transferlab.load_backbone(name)
    except FileNotFoundError:
        return transferlab.load_backbone(name, weights=None)


# %% nbgrader={"grade": false, "grade_id": "sizes", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Leaves behind: sizes, six rows with the columns name, parameters and megabytes.
### BEGIN SOLUTION
counts = {
    name: load_or_random(name).count_params() for name in (*BACKBONES, *LARGE_NETWORKS)
}
sizes = pd.DataFrame({"name": list(counts), "parameters": list(counts.values())})
sizes["megabytes"] = 4 * sizes["parameters"] / 1e6
### END SOLUTION
pd.DataFrame(sizes)

# %% nbgrader={"grade": true, "grade_id": "check_sizes", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 5
size_table = pd.DataFrame(sizes)
missing_columns = {"name", "parameters", "megabytes"} - set(size_table)
assert not missing_columns, (
    f"sizes lacks the columns {', '.join(sorted(missing_columns))}"
)
missing_names = (set(BACKBONES) | set(LARGE_NETWORKS)) - set(size_table["name"])
assert not missing_names, f"sizes has no row for {', '.join(sorted(missing_names))}"
by_name = size_table.set_index("name")
found_count = int(by_name.loc["mobilenet_v2", "parameters"])
assert found_count != 2_223_872, (
    "these are the trainable parameters of mobilenet_v2 only; all of them were asked"
    " for"
)
assert found_count == 2_257_984, (
    f"mobilenet_v2 has 2,257,984 parameters, not {found_count:,}"
)
megabytes = float(by_name.loc["mobilenet_v2", "megabytes"])
assert abs(megabytes - 9.03) < 0.05, (
    f"mobilenet_v2 takes up 9.0 megabytes, not {megabytes:.3g}: 4 bytes a parameter"
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
# The three large ones are 16 to 165 times as large as the smallest. How much accuracy
# would that have to buy?

# %%
size_of = dict(
    zip(pd.DataFrame(sizes)["name"], pd.DataFrame(sizes)["megabytes"], strict=True)
)
transferlab.show(
    transferlab.plot_comparison(size_of, label="size (megabytes)"),
    alt="Size: "
    + ", ".join(f"{name} {megabytes:.2f} MB" for name, megabytes in size_of.items()),
)

# %% [markdown]
# ## The pictures
#
# All ten classes this time: 40 images of each to train on, 20 of each to watch, 30 of
# each to test with at the very end. Pixels are float32, from 0 to 255; every backbone
# scales them itself.

# %% nbgrader={"grade": false, "grade_id": "pictures", "locked": true, "schema_version": 3, "solution": false, "task": false}
train_set = transferlab.load_images(DATA_SOURCE, "train", per_class=40, seed=101)
validation_set = transferlab.load_images(
    DATA_SOURCE, "validation", per_class=20, seed=102
)
test_set = transferlab.load_images(DATA_SOURCE, "test", per_class=30, seed=103)
class_names = train_set.class_names
train = (train_set.images.astype("float32"), train_set.labels)
validation = (validation_set.images.astype("float32"), validation_set.labels)
test = (test_set.images.astype("float32"), test_set.labels)
keras.utils.set_random_seed(104)
print("train, validation, test:", train[0].shape, validation[0].shape, test[0].shape)
transferlab.show(
    transferlab.plot_images(train[0], train[1], class_names, rows=2, columns=10),
    alt="Twenty training pictures, each with the name of its class above it.",
)

# %% [markdown]
# ## Task 6: measure one backbone (4 points)
#
# Train a small head on a frozen backbone, and measure what comes of it.
#
# The function goes through these steps:
#
# 1. Load the backbone `name` with its pretrained weights, and freeze it.
# 2. Put a head of your own design on it and compile the model, as in exercise 1: raw
#    images in, softmax probabilities of shape `(n, num_classes)` out, integer labels, a
#    metric named `accuracy`, built-in layers only.
# 3. Train it with `fit` for `epochs` epochs, on all the training images and on no others.
#    For each epoch, write down the accuracy on the validation images and the seconds the
#    epoch took. Whether the time for validation is included is up to you, as long as it
#    is the same for all backbones.
# 4. Give the model back the weights it had after its **best** epoch (the one with the
#    highest validation accuracy; of several, any). Otherwise the row would speak of one
#    model and you would hand over another.
# 5. Call `predict` on `PREDICT_IMAGES` validation images, with
#    `batch_size=PREDICT_IMAGES`: once to warm up, then five times with the clock running.
# 6. Return the row of the table, and the model.
#
# `time.perf_counter()` is the clock for this. The numbers of your row are compared with
# what the model that comes with it really reaches, and with the time that your epochs and
# calls took; how fast the grader's computer is does not matter. So that chance does not
# decide which epoch is the best one, the grader may change what your model has learned at
# the end of an epoch and undo that in the next one, and have an epoch, or a call of
# `predict`, last longer.
#
# <details><summary>Hint 1: where to start</summary>
#
# Start with steps 1 to 3 and one call of `fit`. The first part is your
# `build_feature_extractor` of exercise 1. Four epochs are few: with Adam, a learning rate
# of about 0.003 gets further in this time than the default of 0.001.
# </details>
# <details><summary>Hint 2: seconds of each epoch</summary>
#
# A loop that calls `fit` with `epochs=1` each time goes on training the same model; read
# the clock before and after each call. (Or write a `keras.callbacks.Callback` with
# `on_epoch_begin` and `on_epoch_end`.) `fit` returns a history whose `val_accuracy` has
# one entry for each epoch of this call.
# </details>
# <details><summary>Hint 3: the best epoch's weights</summary>
#
# `get_weights` makes a copy, `set_weights` brings it back: keep a copy whenever an epoch
# is better than all before. (Or let `keras.callbacks.EarlyStopping` do it, with
# `monitor="val_accuracy"`, `mode="max"`, `restore_best_weights=True` and
# `patience=epochs`, so that it never stops early.)
# </details>
# <details><summary>Hint 4: the row</summary>
#
# `summarise_run` gives you three of the five entries;
# `{"name": …, "parameters": …, **summary}` adds the other two. The parameters are those
# of the backbone; the model's own `count_params` would add the head.
# </details>

# %% nbgrader={"grade": false, "grade_id": "profile_backbone", "locked": false, "schema_version": 3, "solution": true, "task": false}
def profile_backbone(name, train, validation, num_classes, epochs):
    """Train a head on a frozen, pretrained backbone, and measure both.

    Args:
        name: str, a backbone that `transferlab.load_backbone` has pretrained weights
            for.
        train: `(images, labels)`: float32 `(n, 32, 32, 3)` in [0, 255] and integers
            `(n,)` from 0 to `num_classes - 1`. Not modified.
        validation: The same, other images, at least `PREDICT_IMAGES` of them. Nothing
            learns from them.
        num_classes: int, 2 or more.
        epochs: int, 2 or more: for how many epochs the head is trained.

    Returns:
        `(row, model)`. `row` is a dict with the entries of `COLUMNS`: "name";
        "parameters", int, all of the backbone and none of the head;
        "seconds_per_epoch", the median over all epochs but the first; "val_accuracy",
        that of the best epoch on `validation`; "ms_per_image", from the median of five
        calls of `predict` on `PREDICT_IMAGES` images after one to warm up. `model` is
        the compiled keras.Model with the weights it had after its best epoch; the
        backbone in it is exactly as it was pretrained.
    """
    ### BEGIN SOLUTION
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    hidden = layers.Dense(64, activation="relu")(
        layers.GlobalAveragePooling2D()(backbone(inputs))
    )
    model = keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(hidden))
    model.compile(
        keras.optimizers.Adam(3e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    val_accuracies, epoch_seconds = [], []
    for _ in range(epochs):
        started = time.perf_counter()
        history = model.fit(
            *train, batch_size=BATCH_SIZE, validation_data=validation, verbose=0
        ).history
        epoch_seconds.append(time.perf_counter() - started)
        val_accuracies.append(history["val_accuracy"][0])
        if val_accuracies[-1] == max(val_accuracies):
            best_weights = model.get_weights()
    model.set_weights(best_weights)

    pictures = validation[0][:PREDICT_IMAGES]
    predict_seconds = []
    for _ in range(6):
        started = time.perf_counter()
        model.predict(pictures, batch_size=PREDICT_IMAGES, verbose=0)
        predict_seconds.append(time.perf_counter() - started)
    summary = summarise_run(
        val_accuracies, epoch_seconds, predict_seconds[1:], PREDICT_IMAGES
    )
    return {"name": name, "parameters": backbone.count_params(), **summary}, model
    ### END SOLUTION


# %% [markdown]
# The checks of this task train for a few seconds on 100 pictures. Do not be surprised by
# a poor accuracy there.

# %% nbgrader={"grade": true, "grade_id": "check_profile_backbone", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 6
few_train = (train[0][:100], train[1][:100])
few_validation = (validation[0][:100], validation[1][:100])
call_started = time.perf_counter()
returned_pair = profile_backbone(
    "mini_vgg", few_train, few_validation, len(class_names), 2
)
call_seconds = time.perf_counter() - call_started
two_came = isinstance(returned_pair, tuple | list) and len(returned_pair) == 2
assert two_came, "two things should come back: (row, model)"
tried_row, tried_model = returned_pair
missing_entries = set(COLUMNS) - set(tried_row)
assert not missing_entries, (
    f"the row has no entry for {', '.join(sorted(missing_entries))}"
)
assert tried_row["name"] == "mini_vgg", (
    f"the row is named {tried_row['name']!r}, mini_vgg was asked for"
)
counted = int(tried_row["parameters"])
pretrained = transferlab.load_backbone("mini_vgg")
assert counted <= 293_520, (
    f"mini_vgg has 293,520 parameters, the row says {counted:,}; does that include the"
    " head?"
)
assert counted == 293_520, (
    f"mini_vgg has 293,520 parameters, the row says {counted:,}; are the frozen ones"
    " missing?"
)
assert isinstance(tried_model, keras.Model), (
    f"the second part is a {type(tried_model).__name__}, not a keras.Model"
)
some_output = np.asarray(tried_model(few_validation[0][:6]))
assert some_output.shape == (6, len(class_names)), (
    f"6 images gave {some_output.shape}, not (6, {len(class_names)})"
)
assert np.allclose(some_output.sum(axis=1), 1, atol=1e-4), (
    "the outputs are no probabilities; does it end in softmax?"
)
held_arrays = {weight.numpy().tobytes() for weight in tried_model.weights}
changed = [
    weight.path
    for weight in pretrained.weights
    if weight.numpy().tobytes() not in held_arrays
]
assert not changed, (
    f"{changed[0]} of the backbone is not as it was pretrained; is it frozen, with"
    " pretrained weights?"
)
reached = float(
    np.mean(
        tried_model.predict(few_validation[0], verbose=0).argmax(axis=1)
        == few_validation[1]
    )
)
said = float(tried_row["val_accuracy"])
agreeing = abs(said - reached) < 0.011
assert agreeing, (
    f"the row says {said:.2f}, the model that came with it reaches {reached:.2f}; see"
    " step 4"
)
epoch, image = float(tried_row["seconds_per_epoch"]), float(tried_row["ms_per_image"])
assert 0 < epoch < call_seconds, (
    f"an epoch of {epoch:.3g} s in a call of {call_seconds:.1f} s is impossible"
)
assert image * PREDICT_IMAGES / 1000 < call_seconds, (
    f"{image:.3g} ms an image: longer than the whole call took"
)
assert image * PREDICT_IMAGES > 1, (
    f"{image:.3g} ms an image: no call of predict is so fast; are these milliseconds?"
)
transferlab.passed("Task 6: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 7: the comparison (4 points)
#
# Measure all three of `BACKBONES` with your `profile_backbone`, on `train` and
# `validation`, for `EPOCHS` epochs each. Your cell leaves behind:
#
# | name | what it holds |
# |---|---|
# | `table` | your `comparison_table` of the three rows, in its order |
# | `trained_models` | a dictionary: the name of each backbone, and the model that came with its row |
# | `recommended_model` | the one of these that belongs to the row your `recommend` names for `"accuracy"` |
#
# `recommended_model` is judged on pictures nobody has seen. Of these, a small head on any
# of the three backbones gets about 8 in 10 right after four epochs. Guessing gets 1 in
# 10, and fewer than 6 in 10 mean that the head has not learned enough. Every row must
# agree with what its model reaches on the validation images, and the parameters in
# `table` must be exact. Which backbone wins does not count: the three are close, and
# chance has a say.
#
# **If you like, a fourth.** `efficientnet_lite0@96` has learned from the photographs of
# ImageNet, and its weights came with this course; it enlarges the pictures to 96×96
# inside. Let your loop go through `(*BACKBONES, "efficientnet_lite0@96")`, and it stands
# in the table, may be the one you recommend, and is then judged like any of the three.
# It takes about four times as long as one of ours, half a minute of a processor in all;
# the points are the same with three. Ask yourself first: is what photographs have taught
# it worth as much here as what emblems have taught the small ones?
#
# <details><summary>Hint 1: where to start</summary>
#
# A loop over `BACKBONES`; collect the rows in a list and the models in a dictionary by
# name.
# </details>
# <details><summary>Hint 2: no better than guessing?</summary>
#
# Are the weights pretrained? Are the pictures raw, from 0 to 255? Is the learning rate
# about 0.003?
# </details>

# %% nbgrader={"grade": false, "grade_id": "compare_backbones", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Leaves behind: table, trained_models and recommended_model (see above).
### BEGIN SOLUTION
rows, trained_models = [], {}
for backbone_name in BACKBONES:
    row, trained_models[backbone_name] = profile_backbone(
        backbone_name, train, validation, len(class_names), EPOCHS
    )
    rows.append(row)
table = comparison_table(rows)
recommended_model = trained_models[recommend(table, "accuracy")]
### END SOLUTION
pd.DataFrame(table)

# %% nbgrader={"grade": true, "grade_id": "check_comparison", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 7
final_table = pd.DataFrame(table)
assert set(COLUMNS) <= set(final_table), (
    f"the table has the columns {list(final_table)}"
)
missing_names = set(BACKBONES) - set(final_table["name"])
assert not missing_names, f"the table has no row for {', '.join(sorted(missing_names))}"
assert final_table["parameters"].nunique() >= 3, (
    "two backbones have equally many parameters; is it the same one twice?"
)
missing_models = set(BACKBONES) - set(trained_models)
assert not missing_models, (
    f"trained_models has no entry for {', '.join(sorted(missing_models))}"
)
for its_name in BACKBONES:
    its_output = trained_models[its_name].predict(validation[0], verbose=0)
    reached = float(np.mean(its_output.argmax(axis=1) == validation[1]))
    said = float(final_table.set_index("name")["val_accuracy"][its_name])
    agreeing = abs(said - reached) < 0.011
    assert agreeing, (
        f"the table says {said:.3f} for {its_name}, but its model reaches"
        f" {reached:.3f}; see task 6, step 4"
    )
assert isinstance(recommended_model, keras.Model), (
    f"recommended_model is a {type(recommended_model).__name__}"
)
best_row = final_table.set_index("name").loc[recommend(final_table, "accuracy")]
reached = float(
    np.mean(
        recommended_model.predict(validation[0], verbose=0).argmax(axis=1)
        == validation[1]
    )
)
said = float(best_row["val_accuracy"])
agreeing = abs(said - reached) < 0.011
assert agreeing, (
    f"the table says {said:.3f} for {best_row.name}, but recommended_model reaches"
    f" {reached:.3f}"
)
assert reached > 0.6, (
    f"recommended_model is right on only {reached:.0%} of the validation images; see"
    " hint 2"
)
transferlab.passed("Task 7: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Task 8: look at it, and recommend (1 + 4 points)
#
# ### The plots (1 point)
#
# Draw two plots: accuracy against parameters, and accuracy against milliseconds for an
# image. Each shows one point for each backbone, and says which is which: by a text beside
# the point, a legend or a label on an axis.
#
# `transferlab.plot_trade_off` draws such a plot of a table, given the columns for `x` and
# for `name`. Matplotlib, pandas or seaborn are just as good, in one figure or in two.
# Titles, colours and style are up to you.

# %% nbgrader={"grade": false, "grade_id": "figure", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Draws two plots with three named points each.
### BEGIN SOLUTION
transferlab.plot_trade_off(table, x="parameters", name="name")
words = "time per image (ms)"
transferlab.plot_trade_off(table, x="ms_per_image", name="name", x_label=words);
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_figure", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The plots are judged by what they show when they are drawn; here we only make sure
# that there is something to draw.
missing_columns = {"name", "parameters", "val_accuracy", "ms_per_image"} - set(
    pd.DataFrame(table)
)
assert not missing_columns, (
    f"the table lacks the columns {', '.join(sorted(missing_columns))}"
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
# Now the Pareto front of your own table, your three recommendations, and
# `recommended_model` on the test images, which had no say in anything so far. Its
# validation accuracy was the best of several epochs and of three networks, and being
# chosen makes a number look better than it is; the test accuracy was not chosen.

# %%
print(
    "nobody beats", ", ".join(pd.DataFrame(pareto_front(pd.DataFrame(table)))["name"])
)
for purpose in ("accuracy", "speed", "size"):
    print(f"for {purpose:9}", recommend(pd.DataFrame(table), purpose))
test_result = recommended_model.evaluate(*test, verbose=0, return_dict=True)
print(f"recommended_model: {test_result['accuracy']:.3f} of the test images right")

# %% [markdown]
# ### The recommendation (4 points, read by a person)
#
# Three people ask you for advice: a museum that wants to label its archive of drawings
# once, overnight; a factory that sorts parts under a camera, in real time, on a small
# computer; and somebody who builds an app to be downloaded over a phone network. Write
# 120 to 200 words, with the numbers you measured:
#
# 1. Which backbone do you recommend to each of the three, and what does each give up by
#    following you?
# 2. How sure are you of each? An accuracy *p* measured on 200 images has a standard error
#    of √(*p* (1 − *p*) / 200), which is 0.03 around 0.75. Run task 7 once more: which
#    numbers change, and does any recommendation?
# 3. Which of your numbers would you measure again before you decide for good: on the
#    factory's computer, with pictures of 224×224 pixels, with ten times the training
#    images?
#
# | points | what the answer shows |
# |---|---|
# | **4** | All three parts, from own numbers: a recommendation for each purpose with its price; gaps in accuracy weighed against the standard error and gaps in time against repetition; which numbers belong to the machine, the images or the training, and which (parameters) to the network alone. |
# | **2** | Three recommendations that follow from the table, but differences taken at face value, or doubts without numbers. |
# | **0** | Repeats the table, or recommends against it without a reason, or one network for everything because it is "the best". |
#
# 3 and 1 lie in between.

# %% [markdown] nbgrader={"grade": true, "grade_id": "recommendation", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# For the grader: what follows is one full answer. The numbers are from one machine, the
# ranges from three repetitions; a student's own numbers count, and other recommendations
# are as good if they follow from them.
#
# 1. For the museum I recommend mini_resnet: 0.855 of the validation images right, against
#    0.785 for the other two. It waits overnight, so 3.5 ms for an image cost nothing. For
#    the factory I recommend mini_mobilenet, the fastest with 1.9 ms (mini_vgg 3.6), and
#    for the app mini_mobilenet again: 142,840 parameters, 0.6 MB, against 293,520 and
#    393,384. Both give up 0.07 of accuracy. mini_vgg is beaten by mini_mobilenet: as
#    accurate, twice as large and slower.
#
# 2. The size is exact. The gap of 0.07 is more than twice the standard error of 0.028,
#    and in three repetitions mini_resnet stayed ahead (0.85 to 0.88 against 0.79 to
#    0.81), but all on the same 200 images; I would check it on others. mini_vgg moved
#    between 0.76 and 0.84, so its place is chance. The times were five times as long
#    while other programs ran, and mini_resnet then took only a tenth more than
#    mini_mobilenet: I would repeat them when nothing else runs.
#
# 3. Times again on the factory's computer and with 224×224 pictures, where there is 49
#    times as much to compute; accuracy again with larger pictures and more training
#    images. Only the parameters stay.
# ### END SOLUTION

# %% [markdown]
# ## If you like: a large network of your choice (not judged)
#
# Your function measures any other network just as well. Besides the
# `"efficientnet_lite0@96"` of task 7, they need their weights first:
# `transferlab.load_backbone("mobilenet_v2", download=True)` fetches them where there is a
# network connection. On pictures of 32×32 pixels the large ones are out of their element,
# since they were made for 224×224, and if ours are drawings, it is photographs that they
# have learned from: expect them to be slower and larger, and do not expect them to be
# better.

# %%
own_network = None  # for instance "efficientnet_lite0@96"

if own_network is not None:
    own_row, _ = profile_backbone(
        own_network, train, validation, len(class_names), EPOCHS
    )
    print(own_row)
