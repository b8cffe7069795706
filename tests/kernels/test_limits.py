"""Limits are checked when they are made."""

import pytest

from autograder.kernels.limits import Limits, allowed_cpu_seconds


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory_mib": 0}, "memory_mib must be a number above 0"),
        ({"memory_mib": 1.5}, "memory_mib must be a whole number"),
        ({"cell_cpu_seconds": float("nan")}, "cell_cpu_seconds must be a number above 0"),
        ({"processes": True}, "processes must be a number above 0"),
        ({"cell_cpu_seconds": 400.0}, r"cell_cpu_seconds \(400\) must not be above notebook_cpu_seconds \(300\)"),
    ],
)
def test_nonsense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Limits(**change)


def test_the_repr_names_units():
    assert "memory_mib=2048" in repr(Limits())


@pytest.mark.parametrize(("held_up", "allowed"), [(0.0, 60.0), (10.0, 60.0), (200.0, 120.0)])
def test_cpu_seconds_on_a_crowded_machine_are_worth_less(held_up, allowed):
    assert allowed_cpu_seconds(60.0, 61.0, held_up) == allowed
