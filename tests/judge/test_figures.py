"""Notes of figures are data of strangers."""

import pytest

from autograder.judge.figures import read_notes


@pytest.mark.parametrize(
    "note",
    [
        None,
        5,
        {},
        {"kind": "plotly"},
        {"kind": "plotly", "spec": {"data": [{"x": "a"}]}},
        {"kind": "vega", "spec": {"mark": 5, "encoding": []}},
        {"kind": "matplotlib", "axes": [{"series": 7}]},
        {"kind": "html", "text": "vegaEmbed = {" + 5_000 * "["},
        {"kind": "html", "text": "Plotly.newPlot("},
    ],
)
def test_a_note_that_follows_no_format_is_left_to_a_person(note):
    shown = read_notes([note, {"stage": 3}], 3)
    assert shown.figures == []
