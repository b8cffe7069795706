"""Mutants of an exercise's reference answers: which of them the checks notice.

`tests/submissions/<exercise>/equivalents.toml` declares those that do the same as the reference:

    [[equivalent]]
    cell = "standardize"
    mutant = "drop a statement: flat = ..."    as `autograder mutants` prints it
    reason = "why nobody can tell them apart"
"""

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.authoring.mutations import Mutation, mutations
from autograder.authoring.trying import Bench, Work, asked_cells, try_works
from autograder.course.exercise import grade_id_of, is_answer
from autograder.judge.wording import no_such

FILE_NAME = "equivalents.toml"
MUTANT_CPU_SECONDS = 180


@dataclass(frozen=True)
class Mutant:
    """What came of one mutation of one answer."""

    cell: str
    mutation: Mutation
    noticed: str
    """The first check that noticed it, or what else became of it; empty if it survived."""
    undecided: str = ""
    """Why nobody knows: the machine was too busy, or the fork died."""


def answers_of(bench: Bench, wanted: Collection[str] = ()) -> dict[str, str]:
    """Return the reference's code answers, by grade_id, in order.

    Args:
        bench: The exercise.
        wanted: Only these; none for all.

    Raises:
        ValueError: One of them does not exist.
    """
    cells = bench.reference.notebook.cells
    found = {str(grade_id_of(cell)): cell.source for cell in cells if cell.cell_type == "code" and is_answer(cell)}
    for name in wanted:
        if name not in found:
            raise ValueError(no_such("answer", name, found))
    return {name: source for name, source in found.items() if not wanted or name in wanted}


def equivalents(bench: Bench) -> dict[tuple[str, str], str]:
    """Return the mutants that are declared to do what the reference does: cell and name of the mutation, to the reason.

    Args:
        bench: The exercise.

    Raises:
        ValueError: An entry lacks its cell, its mutant or its reason.
    """
    path = bench.submissions / FILE_NAME
    found = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"] if path.is_file() else []
    for entry in found:
        if not all(entry.get(word) for word in ("cell", "mutant", "reason")):
            raise ValueError(f"{path}: an equivalent mutant needs `cell`, `mutant` and `reason` (got {entry})")
    return {(entry["cell"], entry["mutant"]): entry["reason"] for entry in found}


def try_mutants(bench: Bench, cells: Collection[str], jobs: int) -> Iterator[Mutant]:
    """Try every mutant that is not declared equivalent.

    Args:
        bench: The exercise.
        cells: grade_ids of the answers to mutate.
        jobs: How many at once.

    Yields:
        What came of each, as they end.
    """
    planned, same = {}, equivalents(bench)
    for cell, source in answers_of(bench, cells).items():
        for number, mutation in enumerate(mutations(source)):
            if (cell, mutation.name) not in same:
                planned[f"{cell} {number}"] = cell, mutation
    works = [work_of(bench, name, cell, mutation) for name, (cell, mutation) in planned.items()]
    for tried in try_works(bench, works, jobs, MUTANT_CPU_SECONDS):
        cell, mutation = planned[tried.name]
        ended = "".join(tried.problem.strip().splitlines()[-1:])  # an endless loop, say
        if tried.is_certain:
            yield Mutant(cell, mutation, next(iter(tried.found), ended))
        else:
            yield Mutant(cell, mutation, "", ended)


def work_of(bench: Bench, name: str, cell: str, mutation: Mutation) -> Work:
    """Plan the reference with a mutation in one of its answers.

    Args:
        bench: The exercise.
        name: Of the work.
        cell: grade_id of the answer.
        mutation: Of its code.
    """
    prepared = bench.with_answers({cell: mutation.code})
    place = next(place for place, found in enumerate(prepared.notebook.cells) if grade_id_of(found) == cell)
    asked = asked_cells(prepared, [place], whole=False)
    checks = tuple(check for check, settings in bench.settings.items() if settings.cell in asked)
    return Work(bench, name, prepared, place, checks, stops_early=True)
