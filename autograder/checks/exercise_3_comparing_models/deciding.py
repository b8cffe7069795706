"""Hidden checks for exercise 3, comparing models: how to decide, and what to write down.   15 points

Sizes, training and the comparison itself are on `measuring.py`.

Slips guarded: beaten rows kept, equal rows dropped, a criterion forgotten, ties left to the order of the rows, the
first epoch counted, means for medians, milliseconds of a whole call.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks.exercise_3_comparing_models import _oracles as oracles
from autograder.checks.exercise_3_comparing_models._model_tables import (
    COLUMNS,
    EXAMPLE,
    WORST,
    Row,
    close_models,
    distinct_models,
    expect_same_row,
    repeated_models,
    table_of,
    tied_models,
    with_worst,
)
from autograder.judge.checking import check, fail
from autograder.judge.comparators import expect_value_error, number
from autograder.judge.submission import Answer, Submission
from autograder.judge.tables import Table, expect_table, expect_table_untouched, rows_of
from autograder.judge.wording import brief

PARETO, RECOMMEND = "check_pareto_front", "check_recommend"
SUMMARISE, TABLE = "check_summarise_run", "check_comparison_table"
SCENARIOS = ("accuracy", "speed", "size")
COSTS = ("parameters", "val_accuracy", "ms_per_image")
NEEDED = ("name", *COSTS)
"""Columns that a table has at least."""


# --- pareto_front: 5 points


@check(
    PARETO,
    points=2,
    hint="for each row, look for another that is at least as good in all three columns and better in one",
)
@given(rows=distinct_models(smallest=5))
def pareto_front_holds_exactly_the_unbeaten_rows(submission: Submission, rows: list[Row]) -> None:
    """`pareto_front` drops each row that another beats, and no other, judged by all three columns."""
    _expect_front(_names(_pareto(submission, rows)), rows)


@check(
    PARETO,
    points=1,
    hint="equal in two columns and worse in the third is beaten: `at least as good` is ≤ or ≥, not < or >",
)
@settings(max_examples=20)
@given(rows=tied_models() | close_models())
def pareto_front_drops_rows_that_are_no_better_in_anything(submission: Submission, rows: list[Row]) -> None:
    """A row also goes if another equals it in one or two columns and is better in the rest, by however little."""
    _expect_front(_names(_pareto(submission, rows)), rows)


@check(PARETO, points=1, hint="rows that are equal in all three do not beat each other: one column must be better")
@given(tables=repeated_models(), place=st.integers(0, 9))
def pareto_front_keeps_rows_that_are_equal(
    submission: Submission, tables: tuple[list[Row], list[Row]], place: int
) -> None:
    """Copies of a row, under other names, change nothing: where the row stays, all its copies stay with it."""
    rows, repeated = tables
    kept = _names(_pareto(submission, with_worst(rows, place)))
    found = _names(_pareto(submission, with_worst(repeated, place)))
    _expect_sense(kept, with_worst(rows, place))
    for row in rows:
        equal = [other["name"] for other in repeated if all(other[key] == row[key] for key in COSTS)]
        missing = sorted(set(equal) - set(found))
        if row["name"] in kept and missing:
            came = f"{', '.join(sorted(equal))} are equal, and {', '.join(missing)} did not come back"
            fail(
                came,
                f"all of them, as {row['name']} stays when there are no copies of it",
                called="`pareto_front(table)`",
            )
    twice = _names(_pareto(submission, [rows[0], rows[0]]))
    if len(twice) != 2:
        came = f"of two rows, the same in every column, {len(twice)} came back"
        fail(came, "both", called="`pareto_front(table)`")


@check(PARETO, points=0.5, hint="filter with a mask: `table[mask]` keeps the order and every column")
@given(models=distinct_models(smallest=1), place=st.integers(0, 9), filtered=st.booleans())
def pareto_front_keeps_order_and_columns(submission: Submission, models: list[Row], place: int, filtered: bool) -> None:
    """The rows that stay keep the order of the table, all their columns and their values."""
    rows = [row | {NOTE: f"seen in {row['name']}"} for row in with_worst(models, place)]
    answer = submission.call("pareto_front", table_of(rows, filtered=filtered))
    kept = rows_of(expect_table(answer.returned(), [*COLUMNS, NOTE], "the answer", answer.called))
    names = [str(row["name"]) for row in kept]
    _expect_sense(names, rows)
    stayed = [row for row in rows if row["name"] in names]
    if names != [row["name"] for row in stayed]:
        came = f"of the rows {_list(rows)}, the answer holds {', '.join(names)}, in this order"
        fail(came, "rows of the table in the order of the table", called=answer.called)
    for row, given_row in zip(kept, stayed, strict=True):
        expect_same_row(row, given_row, answer.called)
        if row[NOTE] != given_row[NOTE]:
            fail(f"`{NOTE}` of {row['name']} came back as {brief(row[NOTE])}", "as it was given", called=answer.called)
    _expect_front_of_one(submission, models[0])
    _expect_front_of_few_columns(submission, models[0])


@check(PARETO, points=0.5, hint="work on `table.copy()`, or put what you compute into variables instead of columns")
def pareto_front_leaves_its_table_as_it_was(submission: Submission) -> None:
    """The table given to `pareto_front` is not changed."""
    for filtered in (False, True):
        table = table_of(with_worst(EXAMPLE, 2), filtered=filtered)
        answer = submission.call("pareto_front", table, inputs_after=True)
        if filtered and answer.raised is not None:
            continue  # which costs points where order and columns are judged
        _expect_sense(_names(answer), with_worst(EXAMPLE, 2))
        expect_table_untouched(answer, table)


# --- recommend: 4 points


@check(
    RECOMMEND, points=2, hint="accuracy: the highest `val_accuracy`; speed: the lowest `ms_per_image`; size: likewise"
)
@given(rows=distinct_models(smallest=1))
def recommend_names_the_best_of_its_column(submission: Submission, rows: list[Row]) -> None:
    """`recommend` names the most accurate, the fastest and the smallest model, by the four columns it needs."""
    for scenario in SCENARIOS:
        _expect_name(submission, rows, scenario)
    needed = [{column: row[column] for column in NEEDED} for row in rows]
    _expect_name(submission, needed, "size")


@check(RECOMMEND, points=1, hint="sort by the column of the scenario, then by `parameters`, then by `name`")
@settings(max_examples=20)
@given(rows=tied_models() | close_models())
def recommend_breaks_ties_by_parameters_then_name(submission: Submission, rows: list[Row]) -> None:
    """Among equally good models `recommend` names the one with the fewest parameters, then the first by name."""
    for scenario in SCENARIOS:
        _expect_name(submission, rows, scenario)


@check(RECOMMEND, points=0.5, hint="`raise ValueError(...)` with a sentence, for everything but the three words")
def recommend_refuses_other_scenarios(submission: Submission) -> None:
    """A scenario that is none of the three raises ValueError."""
    table = table_of(EXAMPLE)
    _expect_different_names(submission, table)  # refusing everything is no answer
    for scenario in ("energy", "", "Speed", "size ", "acc", "val_accuracy", None):
        expect_value_error(submission.call("recommend", table, scenario), f"the scenario {scenario!r}")


@check(RECOMMEND, points=0.5, hint="`sort_values` without `inplace=True` makes a new table")
def recommend_leaves_its_table_as_it_was(submission: Submission) -> None:
    """The table given to `recommend` is not changed."""
    for filtered in (False, True):
        table = table_of(EXAMPLE, filtered=filtered)
        _expect_different_names(submission, table)
        for scenario in SCENARIOS:
            answer = submission.call("recommend", table, scenario, inputs_after=True)
            expect_table_untouched(answer, table)


# --- summarise_run: 3 points

_positive = st.integers(1, 4_000).map(lambda ticks: ticks / 64)


@check(SUMMARISE, points=1, hint="`max` of the accuracies: that of the best epoch, which need not be the last")
@given(accuracies=st.lists(st.integers(10, 699), min_size=2, max_size=8, unique=True))
def summarise_run_takes_the_best_accuracy(submission: Submission, accuracies: list[int]) -> None:
    """`val_accuracy` is that of the best epoch."""
    shares = [accuracy / 700 for accuracy in accuracies]
    answer = submission.call("summarise_run", shares, [2.0, 1.0, *[1.0] * (len(shares) - 2)], [0.25] * 5, 64)
    _expect_entry(answer, "val_accuracy", max(shares))


@check(
    SUMMARISE, points=1, hint="`np.median(epoch_seconds[1:])`: the first epoch is left out, the mean is not asked for"
)
@given(seconds=st.lists(_positive, min_size=2, max_size=7, unique=True))
def summarise_run_takes_the_median_after_the_first_epoch(submission: Submission, seconds: list[float]) -> None:
    """`seconds_per_epoch` is the median of all epochs but the first."""
    answer = submission.call("summarise_run", [0.5] * len(seconds), seconds, [0.25] * 5, 64, inputs_after=True)
    _expect_entry(answer, "seconds_per_epoch", oracles.median(seconds[1:]))
    _expect_lists_untouched(answer, [0.5] * len(seconds), seconds, [0.25] * 5)


@check(
    SUMMARISE, points=1, hint="seconds times 1000 are milliseconds; divide the median call by the images it was given"
)
@given(seconds=st.lists(_positive, min_size=1, max_size=6, unique=True), images=st.integers(2, 300))
def summarise_run_gives_milliseconds_for_one_image(submission: Submission, seconds: list[float], images: int) -> None:
    """`ms_per_image` is the median time of a call in milliseconds, divided by its images."""
    answer = submission.call("summarise_run", [0.75, 0.5], [3.0, 1.0], seconds, images, inputs_after=True)
    _expect_entry(answer, "ms_per_image", 1_000 * oracles.median(seconds) / images)
    _expect_lists_untouched(answer, [0.75, 0.5], [3.0, 1.0], seconds)


# --- comparison_table: 3 points


@check(TABLE, points=1, hint="`pd.DataFrame(rows)` holds everything; do not round, and do not change the dictionaries")
@given(rows=distinct_models())
def comparison_table_holds_every_row(submission: Submission, rows: list[Row]) -> None:
    """`comparison_table` has one row for each dictionary, all values unchanged, and changes no input."""
    rows = [dict(sorted(row.items(), reverse=number % 2 == 0)) for number, row in enumerate(rows)]
    answer = submission.call("comparison_table", rows, inputs_after=True)
    found = rows_of(expect_table(answer.returned(), COLUMNS, "the answer", answer.called))
    by_name = {str(row["name"]): row for row in found}
    if len(found) != len(rows) or set(by_name) != {row["name"] for row in rows}:
        came = f"the rows {', '.join(str(row['name']) for row in found)} came back"
        fail(came, f"each of {_list(rows)} once", called=answer.called)
    for row in rows:
        expect_same_row(by_name[row["name"]], row, answer.called)
    if answer.inputs_after is None or answer.inputs_after[0] != [rows]:
        hint = "sort the table, or a copy of the list; and never put anything into the dictionaries"
        fail("the rows given to it were changed in place", "rows left as they were", called=answer.called, hint=hint)


@check(TABLE, points=1, hint="highest accuracy first; where it is equal the fewest parameters, then the name")
@settings(max_examples=20)
@given(rows=tied_models() | close_models())
def comparison_table_is_sorted(submission: Submission, rows: list[Row]) -> None:
    """The most accurate comes first; equally accurate ones are sorted by parameters, then by name."""
    answer = submission.call("comparison_table", rows)
    table = expect_table(answer.returned(), ["name"], "the answer", answer.called)
    found, expected = [str(name) for name in table.columns["name"]], oracles.compared(rows)
    if found != expected:
        given_rows = "; ".join(f"{row['name']} {row['val_accuracy']} {row['parameters']}" for row in rows)
        came = f"for {given_rows} (name, accuracy, parameters) the order is {', '.join(found)}"
        fail(came, ", ".join(expected), called="`comparison_table(rows)`")


@check(TABLE, points=1, hint="compare `len(rows)` and `len(set(names))` before making the table")
@given(rows=distinct_models(smallest=3, largest=5))
def comparison_table_refuses_what_is_no_comparison(submission: Submission, rows: list[Row]) -> None:
    """Fewer than three rows, or the same name twice, raise ValueError."""
    answer = submission.call("comparison_table", rows[:3])  # refusing everything is no answer
    if (count := len(_names(answer))) != 3:
        fail(f"a table of {count} rows came back", "the three rows it was given", called=answer.called)
    for few in (2, 1, 0):
        expect_value_error(submission.call("comparison_table", rows[:few]), ("no row", "one row", "two rows")[few])
    best, lowest = max(rows, key=lambda row: row["val_accuracy"]), min(row["val_accuracy"] for row in rows)
    apart = best | {"parameters": 1, "val_accuracy": lowest / 2}  # other rows stand between the two in the table
    for twice in ([*rows, apart], [rows[1], *rows]):
        name = next(row["name"] for row in rows if sum(other["name"] == row["name"] for other in twice) > 1)
        expect_value_error(submission.call("comparison_table", twice), f"two rows named {name!r}")


# --- what these checks share

NOTE = "note"
"""A column that plays no part."""


def _expect_front_of_one(submission: Submission, row: Row) -> None:
    """A table may have one row, and nothing beats that."""
    answer = submission.call("pareto_front", table_of([row]))
    kept = expect_table(answer.returned(), ["name"], "the answer", answer.called).columns["name"]
    if [str(name) for name in kept] != [row["name"]]:
        fail(f"of a table with one row, {list(kept)} came back", "that row", called=answer.called)


def _expect_front_of_few_columns(submission: Submission, row: Row) -> None:
    """A table may have no other columns than the three, and rows without a name are rows, too."""
    larger, poorer = row | {"parameters": row["parameters"] + 1}, row | {"parameters": row["parameters"] - 1}
    rows = [row, larger, poorer | {"val_accuracy": row["val_accuracy"] / 2}]
    table = Table({name: [found[name] for found in rows] for name in COSTS})
    answer = submission.call("pareto_front", table)
    kept = expect_table(answer.returned(), COSTS, "the answer", answer.called).columns["parameters"]
    if [float(count) for count in kept] != [row["parameters"], row["parameters"] - 1]:
        came = f"of rows with the parameters {table.columns['parameters']} came back {list(kept)}"
        fail(came, "all but the second", called="`pareto_front(table)` with no other columns than these three")


def _expect_different_names(submission: Submission, table: Table) -> None:
    """Expect the least there is to expect of `recommend`: names of the table, and not always the same one."""
    named = [submission.call("recommend", table, scenario) for scenario in SCENARIOS]
    for answer in named:
        if not isinstance(answer.returned(), str) or answer.value not in table.columns["name"]:
            fail(f"it returned {brief(answer.value)}", "a name of the table", called=answer.called)
    if len({answer.value for answer in named}) == 1:
        fail("it names the same model whatever it is asked for", "the best one for each", called="`recommend`")


def _expect_lists_untouched(answer: Answer, *given_lists: list[float]) -> None:
    left = answer.inputs_after[0][: len(given_lists)] if answer.inputs_after else []
    if [list(found) if isinstance(found, list) else found for found in left] != list(given_lists):
        hint = "`sorted` and slices make new lists; methods such as `sort`, and deleting, change the list given"
        fail("a list given to it was changed in place", "lists left as they were", called=answer.called, hint=hint)


def _pareto(submission: Submission, rows: list[Row]) -> Answer:
    return submission.call("pareto_front", table_of(rows))


def _names(answer: Answer) -> list[str]:
    return [
        str(name) for name in expect_table(answer.returned(), ["name"], "the answer", answer.called).columns["name"]
    ]


def _expect_sense(found: list[str], rows: list[Row]) -> None:
    """Expect the least there is to expect of a front, so that returning everything, or nothing, is no answer."""
    known = {row["name"] for row in rows}
    foreign = [name for name in found if name not in known]
    if foreign or WORST in found or not found:
        came = f"a row named {foreign[0]!r} came back" if foreign else "no row came back"
        came = "a row came back that is worse than every other in everything" if WORST in found else came
        fail(came, "the rows that no other beats, and only these", called="`pareto_front(table)`")


def _expect_front(found: list[str], rows: list[Row]) -> None:
    expected = oracles.pareto_front(rows)
    by_name = {row["name"]: row for row in rows}
    for name in found:
        if name not in by_name:
            fail(f"a row named {name!r} came back", "rows of the table only", called="`pareto_front(table)`")
        if name not in expected:
            better = next(row for row in rows if oracles.beats(row, by_name[name]))
            fail(
                f"{_shown(by_name[name])} came back",
                f"it to go: {_shown(better)} beats it",
                called="`pareto_front(table)`",
            )
    for name in expected:
        if name not in found:
            fail(
                f"{_shown(by_name[name])} did not come back",
                "it to stay: no row of the table beats it",
                called="`pareto_front(table)`",
                hint="what beats a row is as good in all three and better in one, without any tolerance",
            )


def _shown(row: Row) -> str:
    return f"{row['name']} ({row['val_accuracy']}, {row['parameters']}, {row['ms_per_image']} ms)"


def _list(rows: list[Row]) -> str:
    return ", ".join(row["name"] for row in rows)


def _expect_name(submission: Submission, rows: list[Row], scenario: str) -> None:
    answer = submission.call("recommend", table_of(rows), scenario)
    found, expected = answer.returned(), oracles.recommended(rows, scenario)
    if found != expected or not isinstance(found, str):
        column = {"accuracy": "val_accuracy", "speed": "ms_per_image", "size": "parameters"}[scenario]
        columns = list(dict.fromkeys(["name", column, "parameters"]))
        shown = "; ".join(" ".join(str(row[one]) for one in columns) for row in rows)
        came = f"in the table {shown} ({', '.join(columns)}) it named {brief(found)}"
        fail(came, f"{expected!r}", called=f"`recommend(table, {scenario!r})`")


def _expect_entry(answer: Answer, key: str, expected: float) -> None:
    found = answer.returned()
    if not isinstance(found, dict) or key not in found:
        have = f"a dict with {', '.join(map(str, found))}" if found and isinstance(found, dict) else brief(found)
        fail(f"it returned {have}", f"a dict with an entry {key!r}", called=answer.called)
    value = number(found[key], f"{key!r}", answer.called)
    if abs(value - expected) > 1e-6 * expected:
        is_rounded = any(abs(value - round(expected, places)) < 1e-9 for places in range(1, 6))
        hint = "give the number as it is: do not round" if is_rounded else ""
        fail(f"{key!r} is {value:.6g}", f"{expected:.6g}", called=answer.called, hint=hint)
