# %% [markdown]
# # Exercise 1: Tell the species
#
# Each row of a table is one plant: what was measured, and for some of them the species that an expert has named. Name
# the species of the others with scikit-learn.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import pandas as pd
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

plants = pd.DataFrame(
    {"length": [1.4, 1.5, 4.7, 4.9], "width": [2.1, 1.8, 14.2, 15.1], "species": ["a", "a", "b", "b"]}
)

# %% [markdown]
# ## Task 1: predict the species
#
# Learn from the rows whose species is known, and name that of the others. Measurements come **in units of their own**,
# so that one column may hold numbers a thousand times as large as another and say nothing. The columns of the two
# tables may stand **in another order**: go by their names.
#
# **Example.** After learning from `plants`, a row with the length 1.45 and the width 2.0 is an `"a"`.


# %% nbgrader={"grade": false, "grade_id": "predict_species", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict_species(known, unknown):
    """Name the species of plants.

    Args:
        known: DataFrame with one column of numbers for each measurement, and the column `species`; not modified.
        unknown: DataFrame with the same measurements in any order of columns, without `species`; not modified.

    Returns:
        One species (str) for each row of `unknown`, in its order. Where the species lie well apart, at least 90 % are
        right.
    """
    ### BEGIN SOLUTION
    measured = [name for name in known.columns if name != "species"]
    classifier = make_pipeline(StandardScaler(), KNeighborsClassifier(5))
    classifier.fit(known[measured], known["species"])
    return list(classifier.predict(unknown[measured]))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_predict_species", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
more = pd.concat([plants] * 3, ignore_index=True)
named = list(predict_species(more, pd.DataFrame({"length": [1.45, 4.8], "width": [2.0, 14.5]})))
assert named == ["a", "b"], f"compare with the example: {named}"
print("Task 1: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS
