"""A machine is quiet when nothing on it had to wait, as far as it says."""

import pytest

from autograder.grading import quiet


def say(folder, **percents):
    for what, percent in percents.items():
        (folder / what).write_text(
            f"some avg10={percent} avg60=0 avg300=0 total=1\nfull avg10=0 avg60=0 avg300=0 total=0\n"
        )


@pytest.mark.parametrize(
    ("percents", "expected"),
    [
        ({"cpu": 1.5, "memory": 0, "io": 3}, True),
        ({"cpu": 95.0, "memory": 0, "io": 3}, False),
        ({"cpu": 1.5, "memory": 40, "io": 3}, False),
        ({}, True),
    ],
)
def test_the_pressure_of_the_last_seconds_decides(tmp_path, percents, expected):
    say(tmp_path, **percents)
    assert quiet.is_quiet(tmp_path) is expected


def test_waiting_ends_with_the_patience(monkeypatch):
    monkeypatch.setattr(quiet, "is_quiet", lambda: False)
    assert quiet.wait_until_quiet(0.05) == 0
