"""Every hostile submission gains nothing, learns nothing, harms nobody, and the next student is graded as ever."""

import pytest

from autograder.judge.verdict import Outcome
from tests.attacks.attack import all_attacks
from tests.attacks.light_course import CHECKS, HONEST, notebook

ATTACKS = all_attacks()


def text_of(verdict):
    said = [*verdict.notes, *(check.message for check in verdict.checks())]
    return "\n".join(said)


def outcomes(graded):
    return {check.name: check.outcome for check in graded.verdict.checks()}


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_gains_learns_and_harms_nothing(attack, grade, surroundings):
    graded = grade(notebook(attack.answers), attack.files)

    printed, said = graded.notebook.decode(), text_of(graded.verdict)
    found = outcomes(graded)
    open_ends = {name for name in attack.undecided if found[name] is Outcome.ERROR} | attack.may_lose
    assert {name: outcome for name, outcome in found.items() if name not in open_ends} == {
        name: Outcome.FAIL if name in attack.lost else Outcome.PASS for name in CHECKS.values() if name not in open_ends
    }, said
    assert attack.says in said
    assert attack.prints in printed, printed
    assert surroundings.learnt(printed + said) == []
    assert surroundings.harm() == []
    if attack.name.startswith("exhaustion/"):
        assert grade(notebook(HONEST)).verdict.points == len(CHECKS)


@pytest.mark.parametrize("family", sorted({attack.name.split("/")[0] for attack in ATTACKS}))
def test_the_next_student_is_graded_as_ever(family, grade, surroundings):
    graded = grade(notebook(HONEST))

    assert graded.verdict.points == len(CHECKS)
    assert graded.verdict.notes == ()
    assert surroundings.neighbour_remembers()
