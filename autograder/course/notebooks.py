"""Lay a student's notebook over the instructor's: what can be run and judged, whatever was done to the cells."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode
from nbformat.v4 import new_raw_cell

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import (
    Exercise,
    grade_id_of,
    is_answer,
    is_judged,
    is_written,
    without_hidden_region,
)
from autograder.course.matching import (
    Matching,
    count_words,
    defined_in,
    is_stub,
    own_prose,
    rejoined,
    released_texts,
    resemblance,
    separated,
    words_of,
)
from autograder.course.reading import notebook_of, read_notebook, read_notebook_file

__all__ = ["Prepared", "UnusableNotebook", "prepare", "read_notebook", "read_notebook_file", "recognise"]

_MOST_ROUNDS = 6
"""What is put back may tell what its neighbours are."""
_WORDS_NEAR, _WORDS_ANYWHERE = 3, 8
"""So many words may be an answer: in the question's neighbourhood, and elsewhere."""


@dataclass(frozen=True)
class Prepared:
    """A submission laid over the instructor's notebook."""

    notebook: NotebookNode
    """Student's answers and extra cells, instructor's locked and graded cells; no outputs."""
    judged: Mapping[str, int]
    """Grade id to position in `notebook.cells`, for every judged cell of the exercise, in notebook order."""
    notes: tuple[str, ...]
    """Sentences about what had to be put right."""
    doubt: str = ""
    """Why nothing in it can be judged, such as a notebook that is another one: a person has to look."""
    doubted: frozenset[str] = frozenset()
    """Judged cells whose answers could not be told among cells without marks: what they fail, a person decides."""


def prepare(student: NotebookNode, exercise: Exercise) -> Prepared:
    """Lay a student's notebook over the instructor's.

    Locked and graded cells become the instructor's again, whatever was done to them; deleted ones are put back where
    they belong, judged cells moved out of order return there. Answers and extra cells stay in place. Cells that have
    lost nbgrader's marks are recognised all the same, see `autograder.course.matching`.

    Args:
        student: What `read_notebook` returned.
        exercise: The exercise the notebook belongs to.

    Returns:
        The notebook to run, the places of its judged cells, and notes on what was put right. Preparing the result again
        changes nothing.
    """
    notes: list[str] = []
    cells = separated(rejoined(student.cells, notes), exercise)
    doubt = ""
    doubted: frozenset[str] = frozenset()
    for number in range(_MOST_ROUNDS):
        matching = Matching(cells, exercise)
        if number == 0:
            doubt, doubted = _doubts(student, exercise, cells, matching)
            _note_recognised(exercise, matching, notes)
        before = [(grade_id_of(cell), cell.cell_type, cell.source) for cell in cells]
        said = notes if not doubt else []
        cells = _laid_over(cells, exercise, matching, said)
        _put_back_missing(cells, exercise, said)
        _put_judged_in_order(cells, exercise, said)
        if not doubt:
            _fill_from_own_cells(cells, exercise, notes)
        if [(grade_id_of(cell), cell.cell_type, cell.source) for cell in cells] == before:
            break
    if doubt:
        notes = [doubt]
    for number, cell in enumerate(cells):
        source_cell = exercise.cells.get(grade_id_of(cell) or "")
        cell["id"] = source_cell.get("id", f"graded-{number}") if source_cell else f"student-{number}"
    positions = _positions(cells)
    judged = {grade_id: positions[grade_id] for grade_id in exercise.judged}
    notebook = notebook_of(cells)
    kernelspec = exercise.notebook.metadata.get("kernelspec")
    if kernelspec:
        notebook.metadata["kernelspec"] = copy.deepcopy(kernelspec)
    return Prepared(notebook, judged, tuple(dict.fromkeys(notes)), doubt, doubted)


def recognise(cells: Sequence[Mapping[str, object]], exercises: Mapping[str, Exercise], name: str = "") -> str:
    """Tell which exercise a notebook belongs to, by nbgrader's marks, else by what stands in it, else by its name.

    Args:
        cells: Of the notebook, as `read_notebook` returns it.
        exercises: Those that there are, by name.
        name: Its file name without suffix.

    Returns:
        The name of the exercise, or nothing.
    """
    marks = {grade_id for cell in cells if (grade_id := grade_id_of(cell)) is not None}
    shared = {known: len(marks & exercise.cells.keys()) for known, exercise in exercises.items()}
    if not any(shared.values()):
        shared = {known: resemblance(cells, exercise) for known, exercise in exercises.items()}
    best = max(shared, key=lambda candidate: (shared[candidate], candidate == name), default="")
    if shared.get(best):
        return best
    return name if name in exercises else ""


def _doubts(
    student: NotebookNode, exercise: Exercise, cells: list[NotebookNode], matching: Matching
) -> tuple[str, frozenset[str]]:
    """What of a notebook cannot be matched: all of it, or the answers of some judged cells."""
    if not any(cell.source.strip() for cell in student.cells):
        return f"The notebook for {exercise.name} is empty; a person will look at it.", frozenset()
    marks = [grade_id for cell in student.cells if (grade_id := grade_id_of(cell)) is not None]
    foreign = sum(grade_id not in exercise.cells for grade_id in marks)
    # Exercises share some names, such as `setup`; another one's notebook has none of the texts.
    few = len(exercise.notebook.cells) / 4
    if not matching.original or (2 * foreign > len(marks) and resemblance(student.cells, exercise) < few):
        return _none_of(exercise, student), frozenset()
    if not matching.recognised:
        return "", frozenset()  # marks are where they were: what is missing was deleted
    there = {grade_id_of(exercise.notebook.cells[original]) for original in matching.original.values()}
    is_open = any(
        place not in matching.original and cell.cell_type == "code" and cell.source.strip()
        for place, cell in enumerate(cells)
    )
    answers = _answers_before(exercise)
    lost = {
        judged
        for judged in exercise.judged
        if (wanted := {name for name in answers[judged] if is_answer(exercise.cells[name])}) and not there & wanted
    }
    return "", frozenset(lost if is_open else ())


def _none_of(exercise: Exercise, student: NotebookNode) -> str:
    marks = [grade_id for cell in student.cells if (grade_id := grade_id_of(cell)) is not None]
    others = [grade_id for grade_id in marks if grade_id not in exercise.cells]
    what = "the marks nbgrader gives them are gone, and nothing else tells them"
    if others:
        what = f"it holds cells of another one, such as '{others[0]}'"
    return (
        f"None of the cells of {exercise.name} are in this notebook: {what}. It has not been graded, a person will "
        "look at it; hand in the notebook you were given, filled in."
    )


def _note_recognised(exercise: Exercise, matching: Matching, notes: list[str]) -> None:
    found = [grade_id_of(exercise.notebook.cells[matching.original[place]]) for place in sorted(matching.recognised)]
    marked = list(dict.fromkeys(name for name in found if name is not None))
    if not marked:
        return
    which = f"'{marked[0]}'" if len(marked) == 1 else f"{len(marked)} cells, such as '{marked[0]}'"
    notes.append(
        f"The marks that nbgrader gives its cells were missing at {which}; told by their ids, texts and order, they "
        "were put back."
    )


def _laid_over(
    cells: list[NotebookNode], exercise: Exercise, matching: Matching, notes: list[str]
) -> list[NotebookNode]:
    """Exchange each cell for its original, an answer's text and cells of the student's own excepted."""
    chosen = _chosen(cells, exercise, matching, notes)
    result = []
    for place, cell in enumerate(cells):
        original = matching.original.get(place)
        source_cell = exercise.notebook.cells[original] if original is not None else None
        grade_id = grade_id_of(source_cell) if source_cell is not None else None
        if source_cell is None or grade_id is None:
            result.append(_as_extra(cell))
        elif chosen[grade_id] != place:
            extra = _as_extra(cell)
            if is_answer(source_cell) and is_stub(cell.source, source_cell) and cell.source.strip():
                extra = NotebookNode(new_raw_cell(cell.source))  # beside the answer it would only undo it
            result.append(extra)
        else:
            if cell.cell_type != source_cell.cell_type:
                notes.append(f"The type of cell '{grade_id}' had been changed to {cell.cell_type}; it was put back.")
            elif not is_answer(source_cell) and not _same_text(cell.source, source_cell.source):
                notes.append(f"The locked cell '{grade_id}' had been changed; it was put back as it was released.")
                result += _answer_in_locked_cell(cell, cells, exercise, matching)
            result.append(_answered(source_cell, cell) if is_answer(source_cell) else _restored(source_cell))
    return result


def _chosen(cells: list[NotebookNode], exercise: Exercise, matching: Matching, notes: list[str]) -> dict[str, int]:
    """Of several copies of a cell, the one that counts: of answers the last that runs before they are judged."""
    copies: dict[str, list[int]] = {}
    for place, original in sorted(matching.original.items()):
        grade_id = grade_id_of(exercise.notebook.cells[original])
        if grade_id is not None:
            copies.setdefault(grade_id, []).append(place)
    _add_answers_elsewhere(copies, cells, exercise, matching)
    chosen: dict[str, int] = {}
    for grade_id, places in copies.items():
        source_cell = exercise.cells[grade_id]
        chosen[grade_id] = places[0]
        if len(places) == 1:
            continue
        count = "twice" if len(places) == 2 else f"{len(places)} times"
        if not is_answer(source_cell):
            if not all(_same_text(cells[place].source, source_cell.source) for place in places):
                notes.append(f"The cell '{grade_id}' was there {count}; it counts once, as it was released.")
            continue
        filled = [place for place in places if not is_stub(cells[place].source, source_cell)]
        judge = next((name for name, group in _answers_before(exercise).items() if grade_id in group), "")
        end = copies.get(judge, [len(cells)])[0]
        before = [place for place in filled if place < end]
        chosen[grade_id] = (before or filled or places)[-1 if filled else 0]
        if all(grade_id_of(cells[place]) != grade_id for place in places[1:]) and len(filled) <= 1:
            continue  # one copy was written elsewhere, beside the untouched cell
        is_same = len({words_of(cells[place].source) for place in filled}) <= 1
        if is_same:
            which = "it counts once"
        elif is_written(source_cell):
            which = "the last one is graded, and the others are shown beside it"
        else:
            which = _which_counts(judge if before and len(before) < len(filled) else "")
        notes.append(f"The cell '{grade_id}' was there {count}; {which}.")
    return chosen


def _which_counts(judge: str) -> str:
    """Say which of several answers counts: as in Jupyter, what runs last before it is judged."""
    if judge:
        return f"the last one above '{judge}' counts, as what stands below runs after it was judged"
    return "the last one counts, because it runs last"


def _add_answers_elsewhere(
    copies: dict[str, list[int]], cells: list[NotebookNode], exercise: Exercise, matching: Matching
) -> None:
    """Take a function that stands in a cell of the student's own, beside an untouched answer, for the answer."""
    for grade_id, places in copies.items():
        source_cell = exercise.cells[grade_id]
        wanted = matching.asked_of(matching.original[places[0]])
        if not wanted or not all(is_stub(cells[place].source, source_cell) for place in places):
            continue
        for place, cell in enumerate(cells):
            is_own = place not in matching.original and cell.cell_type == "code"
            if is_own and wanted <= defined_in(cell.source):
                places.append(place)
                matching.original[place] = matching.original[places[0]]


def _answer_in_locked_cell(
    cell: NotebookNode, cells: list[NotebookNode], exercise: Exercise, matching: Matching
) -> list[NotebookNode]:
    """A function that was written into a locked cell, while its own cell is untouched, becomes a cell of its own."""
    if cell.cell_type != "code":
        return []
    defined = defined_in(cell.source)
    for place, original in matching.original.items():
        wanted = matching.asked_of(original)
        if wanted and wanted <= defined and is_stub(cells[place].source, exercise.notebook.cells[original]):
            return [_as_extra(cell)]
    return []


def _same_text(submitted: str, original: str) -> bool:
    return without_hidden_region(submitted).split() == without_hidden_region(original).split()


def _as_extra(cell: NotebookNode) -> NotebookNode:
    extra = copy.deepcopy(cell)
    extra.metadata = NotebookNode()
    if extra.cell_type == "code" and (shown := without_hidden_region(extra.source)) != extra.source.rstrip():
        extra.source = shown  # nbgrader puts the guard into copies too: no student wrote that, and it ends in an error
    return extra


def _restored(source_cell: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(source_cell)
    cell.metadata = NotebookNode(nbgrader=cell.metadata["nbgrader"])
    if cell.cell_type == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _answered(source_cell: NotebookNode, student_cell: NotebookNode) -> NotebookNode:
    cell = _restored(source_cell)
    cell.source = student_cell.source
    cell.pop("attachments", None)
    if cell.cell_type != "code" and "attachments" in student_cell:
        cell["attachments"] = copy.deepcopy(student_cell.attachments)
    return cell


def _positions(cells: list[NotebookNode]) -> dict[str, int]:
    named = ((grade_id_of(cell), number) for number, cell in enumerate(cells))
    return {grade_id: number for grade_id, number in named if grade_id is not None}


def _put_back_missing(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    """Put back what was deleted: behind the cell before it, a judged one also behind the student's own cells there."""
    sources = exercise.notebook.cells
    places = _places(cells, exercise)
    for original, source_cell in enumerate(sources):
        grade_id = grade_id_of(source_cell)
        if grade_id is None or original in places:
            continue
        if is_answer(source_cell) and not is_written(source_cell):
            continue
        before = max((number for number in places if number < original), default=None)
        place = 0 if before is None else places[before] + 1
        if is_judged(source_cell) and before is not None:
            taken = set(places.values())
            while place < len(cells) and place not in taken:
                place += 1
        cell = _restored(source_cell)
        if is_written(source_cell) and is_answer(source_cell):
            # The instructor's text is the model answer; what was deleted counts as unanswered.
            cell.source = ""
        cells.insert(place, cell)
        places = _places(cells, exercise)
        if is_judged(source_cell) or is_written(source_cell):
            notes.append(f"The graded cell '{grade_id}' had been deleted; it was put back.")


def _places(cells: list[NotebookNode], exercise: Exercise) -> dict[int, int]:
    """Place of each original in the instructor's notebook, to where it stands now."""
    places: dict[int, int] = {}
    for place, original in sorted(Matching(cells, exercise).original.items()):
        places.setdefault(original, place)
    return places


def _fill_from_own_cells(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    """Show whoever grades an unanswered question what its author has written in other cells."""
    positions = _positions(cells)
    released = released_texts(exercise)
    plain = [cell for cell in exercise.notebook.cells if cell.cell_type == "markdown" and grade_id_of(cell) is None]
    for grade_id in exercise.written:
        source_cell, cell = exercise.cells[grade_id], cells[positions[grade_id]]
        if not is_answer(source_cell) or source_cell.cell_type != "markdown" or not is_stub(cell.source, source_cell):
            continue
        checked = sorted(positions[name] for name in (*exercise.judged, *exercise.written))
        start = max((place for place in checked if place < positions[grade_id]), default=-1)
        end = min((place for place in checked if place > positions[grade_id]), default=len(cells))
        found: list[str] = []
        pictures: dict[str, object] = {}
        for place, other in enumerate(cells):
            if grade_id_of(other) is not None or words_of(other.source) in released:
                continue
            text = own_prose(other, plain)
            least = _WORDS_NEAR if start < place < end and other.cell_type != "code" else _WORDS_ANYWHERE
            if count_words(text) >= least:
                found.append(text)
                pictures |= other.get("attachments", {})
        if found:
            cell.source = "\n\n".join(["*(Written in a cell of its author's own.)*", *found])
            if pictures:
                cell["attachments"] = copy.deepcopy(NotebookNode(pictures))
            notes.append(f"'{grade_id}' was answered in a cell of its author's own; a person is shown it there.")


def _put_judged_in_order(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    answers = _answers_before(exercise)
    judged = list(exercise.judged)
    moved: dict[str, None] = {}
    positions = _positions(cells)

    def is_behind(grade_id: str, others: list[str]) -> bool:
        return positions[grade_id] > _last_position(positions, others)

    def move_behind(grade_id: str, others: list[str]) -> None:
        nonlocal positions
        _move_behind(cells, grade_id, others)
        positions = _positions(cells)
        moved[grade_id] = None

    for grade_id in judged:
        if not is_behind(grade_id, answers[grade_id]):
            move_behind(grade_id, answers[grade_id])
    for grade_id, successor in reversed(list(pairwise(judged))):
        if is_behind(grade_id, [successor]) and answers[grade_id]:
            move_behind(grade_id, answers[grade_id])
    for predecessor, grade_id in pairwise(judged):
        # Left over where answers themselves have changed places: the checks still run in their own order.
        if not is_behind(grade_id, [predecessor]):
            move_behind(grade_id, [predecessor])
    notes += [
        f"The graded cell '{grade_id}' had been moved; it was put back behind the cells it belongs to."
        for grade_id in moved
    ]


def _answers_before(exercise: Exercise) -> dict[str, list[str]]:
    """The cells each judged cell belongs to: those since the judged cell before it."""
    answers: dict[str, list[str]] = {}
    group: list[str] = []
    for grade_id in exercise.cells:
        if grade_id in exercise.judged:
            answers[grade_id], group = group, []
        else:
            group.append(grade_id)
    return answers


def _last_position(positions: Mapping[str, int], grade_ids: list[str]) -> int:
    return max((positions[grade_id] for grade_id in grade_ids if grade_id in positions), default=-1)


def _move_behind(cells: list[NotebookNode], grade_id: str, others: list[str]) -> None:
    cell = cells.pop(_positions(cells)[grade_id])
    cells.insert(_last_position(_positions(cells), others) + 1, cell)
