"""Hidden checks for exercise 1: predict_species.

The name of a check is a claim, its docstring the line that students read, its points are part of those of its cell.
"""

from _plants import drawn_plants
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judge.checking import check, fail
from autograder.judge.tables import Table, expect_table_untouched, list_of_texts

CELL = "check_predict_species"
SEEDS = st.integers(0, 2**32 - 1)


def expect_right(answer, species):
    """Expect that at least 90 % of the species that came back are right."""
    found = list_of_texts(answer.returned(), "the answer", answer.called)
    if len(found) != len(species):
        fail(f"it returned {len(found)} species", f"one for each of {len(species)} rows", called=answer.called)
    share = sum(one == other for one, other in zip(found, species, strict=True)) / len(species)
    if share < 0.9:
        fail(f"{share:.0%} of the species are right", "at least 90 %", called=answer.called)


@check(
    CELL, points=2, hint="`fit` on the measurements and the column `species` of the first table, `predict` the second"
)
@settings(max_examples=3)
@given(seed=SEEDS)
def predict_species_tells_groups_apart(submission, seed):
    """Where the species lie well apart, at least 90 % are right, in the order of the rows."""
    known, unknown, species = drawn_plants(seed)
    expect_right(submission.call("predict_species", known, unknown), species)


@check(CELL, points=1, hint="bring all columns to one scale first, or use a method that looks at one column at a time")
@settings(max_examples=3)
@given(seed=SEEDS)
def predict_species_is_not_misled_by_units(submission, seed):
    """Also where a column of large numbers says nothing about the species."""
    known, unknown, species = drawn_plants(seed, noise=5_000.0)
    expect_right(submission.call("predict_species", known, unknown), species)


@check(CELL, points=1, hint="choose the columns by name: `unknown[measured]`")
@settings(max_examples=2)
@given(seed=SEEDS)
def predict_species_goes_by_the_names_of_columns(submission, seed):
    """Also where the columns of the second table stand in another order."""
    known, unknown, species = drawn_plants(seed)
    turned = Table(dict(reversed(unknown.columns.items())))
    expect_right(submission.call("predict_species", known, turned), species)


@check(CELL, points=1, hint="`pop`, `del` and `inplace=True` change the table that was given")
@settings(max_examples=1)
@given(seed=SEEDS)
def predict_species_leaves_its_tables_as_they_were(submission, seed):
    """Neither table is changed."""
    known, unknown, species = drawn_plants(seed)
    answer = submission.call("predict_species", known, unknown, inputs_after=True)
    expect_right(answer, species)  # nothing done is no merit
    expect_table_untouched(answer, known)
    expect_table_untouched(answer, unknown, position=1)
