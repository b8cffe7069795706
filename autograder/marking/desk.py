"""What somebody who marks can do: see an answer, give it a mark, take it back, change the rubric, see how far it is.

A decision is kept first, and then written to the gradebook; a process that is killed in between is finished by the next
one. Whoever decides says what he has seen: if that is no longer so, nothing is kept, and he is told what has changed.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograder.course.course import Course, CourseError
from autograder.gradebook.database_file import gradebook_path
from autograder.gradebook.feedback import points_text
from autograder.gradebook.marks import AnswerKey, Given, given_marks, names_of, write_marks, written_cells
from autograder.gradebook.rows import course_directory, existing_gradebook, writer_lock
from autograder.judge.wording import no_such
from autograder.marking.agreement import Agreement, agreement
from autograder.marking.answers import Answer, Answers, Question, questions_of
from autograder.marking.grouping import Group
from autograder.marking.records import FIRST, SECOND, Decision, Mark, Records, RubricChange, Written
from autograder.marking.rubric import QuestionRubric, RubricFile

OPEN, MARKED, AGAIN, ELSEWHERE = "open", "marked", "again", "elsewhere"
"""States of an answer: nobody has marked it; somebody has; somebody has, and has to look again; in formgrader."""


class Changed(Exception):
    """What somebody decided rests on what is no longer so. Nothing was kept.

    Args:
        said: What has changed, in sentences.
    """

    def __init__(self, said: Sequence[str]) -> None:
        self.said = tuple(said)
        super().__init__(" ".join(said))


@dataclass(frozen=True)
class Held:
    """An answer, with all that is known of its marking."""

    answer: Answer
    decision: Decision | None
    """Of this sitting; None if there is none."""
    given: Given
    """What the gradebook holds."""
    state: str
    why: str = ""
    """Why somebody has to look again, or that formgrader holds something else."""

    @property
    def key(self) -> AnswerKey:
        """Whose it is."""
        return self.answer.key

    @property
    def mark(self) -> Mark | None:
        """What it has."""
        return self.decision.mark if self.decision else None

    @property
    def seen(self) -> str:
        """Stands for everything that somebody who looks at it now sees of it."""
        number = self.decision.number if self.decision else 0
        shown = f"{number}\0{self.answer.digest}\0{self.given.score}\0{self.given.comment or ''}"
        return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True)
class Progress:
    """How far a question is."""

    question: Question
    answers: int
    """To be marked: those that hold more than the release, of students whose work was graded."""
    marked: int
    again: int
    elsewhere: int
    unanswered: int
    not_graded: int
    """Students in the gradebook without an autograded notebook."""
    groups: int
    """Groups of two and more with nearly the same text."""
    markers: Mapping[str, int]
    second: Agreement
    sample: int
    """Answers drawn for a second marker."""

    @property
    def left(self) -> int:
        """Answers that somebody still has to mark."""
        return self.answers - self.marked - self.elsewhere


class Desk:
    """Where one person marks an assignment. Thread-safe.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        marker: Who marks.
        sitting: `FIRST`, whose marks count, or `SECOND`, whose marks are compared.
        sample: So many answers of each question a second marker gets.
        seed: Of the order; None for the one of last time.

    Raises:
        CourseError: There is nothing to mark, or the rubric cannot be used.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        marker: str,
        *,
        sitting: str = FIRST,
        sample: int = 30,
        seed: int | None = None,
    ) -> None:
        self.course, self.assignment, self.marker, self.sitting, self.sample = (
            *(course, assignment, marker),
            *(sitting, sample),
        )
        self._lock = threading.RLock()
        self._open = ExitStack()
        self._opened: tuple[int, int] | None = None
        self._gradebook: Any = None
        with self._reading() as gradebook:
            self._cells = written_cells(gradebook, assignment)
            self._names = names_of(gradebook)
        self.questions = questions_of(course, assignment, self._cells)
        if not self.questions:
            raise CourseError(f"'{assignment}' has no question that a person marks.")
        self.rubric = RubricFile.of(course, assignment)
        self._records = Records(course.state_directory, assignment)
        self.answers = Answers(course, assignment, self.questions, self._records.key, self._records.seed(seed))
        with self.at_hand():
            self._settle()

    def close(self) -> None:
        """Leave; what was decided is kept already."""
        self._open.close()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """Yield the gradebook, open already as opening takes longer than all else; then forget what it held."""
        stamp = self._stamp()
        if self._gradebook is None or stamp != self._opened:  # a new term, or a copy put back: no longer the one opened
            self._open.close()
            self._gradebook = self._open.enter_context(existing_gradebook(self.course, self.assignment))
            self._opened = self._stamp()
        try:
            yield self._gradebook
        finally:
            self._gradebook.db.rollback()

    def _stamp(self) -> tuple[int, int] | None:
        """Return which file the gradebook is; None for one on a server, or for none."""
        path = gradebook_path(str(course_directory(self.course).db_url))
        if path is None or not path.exists():
            return None
        found = path.stat()
        return found.st_dev, found.st_ino

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Hold the desk; a rubric that was edited meanwhile is applied first.

        Yields:
            Nothing.
        """
        with self._lock:
            if self.rubric.refresh():
                self._settle()
            yield

    def question(self, notebook: str, cell: str) -> Question:
        """Return a question.

        Args:
            notebook: The notebook's name.
            cell: The cell's grade id.

        Raises:
            CourseError: There is none.
        """
        known = {f"{one.notebook}/{one.cell}": one for one in self.questions}
        name = f"{notebook}/{cell}"
        if name not in known:
            raise CourseError(no_such("question", name, known))
        return known[name]

    def rubric_of(self, question: Question) -> QuestionRubric:
        """Return the rubric of a question.

        Args:
            question: The question.
        """
        return self.rubric.question(question.notebook, question.cell)

    def names(self, student: str) -> tuple[str, ...]:
        """Return what a student is called, so that it can be hidden.

        Args:
            student: The nbgrader student id.
        """
        return self._names.get(student, (student,))

    # --- looking ---------------------------------------------------------------------------------------------------

    def view(self) -> "View":
        """Read the gradebook and all decisions."""
        with self._lock:
            with self._reading() as gradebook:
                given = given_marks(gradebook, self.assignment, self._cells)
            self.answers.refresh(list(given))
            return View(self, given, self._records.last(FIRST), self._records.last(SECOND), self._records.written())

    def look(self, held: Held) -> None:
        """Note that this marker has an answer before him, so that no other is offered it.

        Args:
            held: The answer.
        """
        self._records.look(self.sitting, held.key, self.marker, time.time())

    def next_open(self, view: "View", question: Question, after: AnswerKey | None = None) -> Held | None:
        """Return the next answer that has to be marked, and that nobody else has open.

        Args:
            view: From `view`.
            question: The question.
            after: Where to go on from.
        """
        others = self._records.looked_at_by_others(self.sitting, self.marker, time.time())
        order = view.order(question)
        place = next((place for place, held in enumerate(order) if held.key == after), -1)
        turned = [*order[place + 1 :], *order[: place + 1]]
        waiting = [held for held in turned if held.state in (OPEN, AGAIN) and held.key != after]
        return next((held for held in waiting if held.key not in others), waiting[0] if waiting else None)

    # --- deciding --------------------------------------------------------------------------------------------------

    def save(self, key: AnswerKey, mark: Mark, seen: str, *, also_equal: bool = False) -> tuple[float, int]:
        """Give an answer its mark.

        Args:
            key: The answer.
            mark: What it gets.
            seen: What the person saw: `Held.seen` of then.
            also_equal: Whether answers with the same words that nobody has marked get the same.

        Returns:
            Its points, and how many other answers got the same.

        Raises:
            Changed: The answer, or its mark, is not what the person saw.
        """
        with self._lock, writer_lock(self.course):
            view = self.view()
            question = self.question(key.notebook, key.cell)
            rubric = self.rubric_of(question)
            now = view.held(key)
            if now is None:
                raise Changed(["The answer is no longer there: the autograded notebook has gone. Nothing was saved."])
            if now.seen != seen:
                raise Changed(self._what_changed(now, question))
            if rubric.missing(mark.items):
                raise Changed(
                    ["An item you gave is no longer in the rubric. Nothing was saved; look at the items again."]
                )
            equal = view.equal_and_open(now) if also_equal else []
            decided = [Decision(one.key, self.marker, mark, one.answer.digest) for one in (now, *equal)]
            self._keep(decided, {one.key: one.decision.number if one.decision else 0 for one in (now, *equal)})
            return rubric.points(mark.items, mark.adjustment, question.points), len(equal)

    def let_stand(self, question: Question) -> int:
        """Let marks count on as they are, where the work was graded again and the text is the same.

        Args:
            question: The question.

        Returns:
            How many.
        """
        with self._lock, writer_lock(self.course):
            held = self.view().may_stand(question)
            decided = [
                Decision(one.key, one.decision.marker, one.mark, one.answer.digest) for one in held if one.decision
            ]
            if decided:
                self._keep(decided, {one.key: one.decision.number for one in held if one.decision})
            return len(decided)

    def _keep(self, decided: Sequence[Decision], seen: Mapping[AnswerKey, int], undoes: int | None = None) -> None:
        stale = self._records.decide(self.sitting, decided, seen, undoes)
        if stale:  # another process, which does not take the writer's lock
            view = self.view()
            raise Changed(
                [
                    sentence
                    for decision in stale
                    if (now := view.held(decision.key)) is not None
                    for sentence in self._what_changed(now, self.question(decision.key.notebook, decision.key.cell))
                ]
            )
        if self.sitting == FIRST:
            self._settle({decision.key for decision in decided})

    def undo(self) -> tuple[str, AnswerKey | None]:
        """Take back what this marker did last.

        Returns:
            What was taken back, in a sentence, and the answer to show.

        Raises:
            Changed: Somebody has decided otherwise since.
        """
        with self._lock, writer_lock(self.course):
            batch, pairs, change = self._records.to_undo(self.sitting, self.marker)
            if not batch:
                return "There is nothing to undo.", None
            if change is not None:
                if self.rubric.text != change.after:
                    raise Changed(["The rubric has been changed again since; nothing was undone. Change it by hand."])
                self.rubric.put(change.before)
                self._records.change_rubric(self.marker, RubricChange(change.after, change.before), batch)
                self._settle()
                return "Undone: the rubric is what it was.", None
            view = self.view()
            changed = [now for now, _ in pairs if (held := view.held(now.key)) is None or held.state == ELSEWHERE]
            if changed:
                raise Changed(["Formgrader holds other points for that answer since; nothing was undone."])
            self._keep([then for _, then in pairs], {now.key: now.number for now, _ in pairs}, batch)
            count = f"{len(pairs)} answers have" if len(pairs) > 1 else "The answer has"
            return f"Undone: {count} again what was there before.", pairs[0][0].key

    def change_rubric(self, question: Question, rubric: QuestionRubric, seen: str) -> int:
        """Change the rubric of a question; all answers that use what changed change with it.

        Args:
            question: The question.
            rubric: What it is to be.
            seen: Digest of the file that the person saw.

        Returns:
            How many answers have other points or another comment now.

        Raises:
            Changed: Somebody has changed the file since.
            CourseError: It is no rubric.
        """
        with self._lock, writer_lock(self.course):
            if self.rubric.refresh():
                self._settle()
            if self.rubric.problem:
                raise CourseError(self.rubric.problem)
            if self.rubric.digest != seen:
                raise Changed(
                    ["The rubric has been changed since you opened this page; yours was not saved. Look again."]
                )
            before = self.rubric.text
            self.rubric.write(question.notebook, question.cell, rubric)
            if self.rubric.text == before:
                return 0
            self._records.change_rubric(self.marker, RubricChange(before, self.rubric.text))
            return self._settle()

    def _what_changed(self, now: Held, question: Question) -> list[str]:
        decision, rubric = now.decision, self.rubric_of(question)
        said = []
        if decision is not None:
            whom = "You have" if decision.marker == self.marker else f"{decision.marker} has"
            if decision.mark is None:
                said.append(f"{whom} taken back the mark of this answer at {decision.at}.")
            else:
                points = rubric.points(decision.mark.items, decision.mark.adjustment, question.points)
                titles = [item.title for item in rubric.items if item.id in decision.mark.items]
                given = f" ({'; '.join(titles)})" if titles else ""
                own = f", with the comment “{decision.mark.comment}”" if decision.mark.comment else ""
                said.append(f"{whom} given this answer {points_text(points)} points at {decision.at}{given}{own}.")
        if now.state == ELSEWHERE:
            said.append(now.why)
        if not said:
            said.append(
                "The student's text, or what the gradebook holds for it, is not what it was when you opened it."
            )
        return [
            *said,
            "Yours was not saved. It is as you left it; save again to put it in the place of what counts now.",
        ]

    # --- the gradebook ---------------------------------------------------------------------------------------------

    def _settle(self, decided: Collection[AnswerKey] | None = None) -> int:
        """Write to the gradebook what decisions and rubric come to, where it holds something else of ours.

        Args:
            decided: Answers that somebody has just decided about, having seen what the gradebook holds; only these are
                looked at. None for all answers.

        Returns:
            How many answers changed.
        """
        last = self._records.last(FIRST)
        if not last:
            return 0
        with writer_lock(self.course), self._reading() as gradebook:
            given, written = given_marks(gradebook, self.assignment, self._cells), self._records.written()
            meant: dict[AnswerKey, Given] = {}
            back = []
            for key, decision in last.items():
                if decided is not None and key not in decided:
                    continue
                there, ours = given.get(key), written.get(key)
                if there is None or (decision.mark is None and ours is None):
                    continue
                if decided is None and ours is not None and not ours.is_ours(there):
                    continue  # somebody has given other points in formgrader: hers stay
                target = self._target(decision, there, ours)
                if target is None:
                    continue
                if decision.mark is None:
                    back.append(key)
                is_new = ours is None or ours.decision != decision.number
                if is_new or not there.is_same(target.score, target.comment):
                    meant[key] = target
            if not meant:
                return 0
            self._records.intend(meant, given)
            write_marks(self.course, gradebook, self.assignment, meant)
            self._records.wrote({key: last[key].number for key in meant}, back)
            return sum(not given[key].is_same(new.score, new.comment) for key, new in meant.items())

    def _target(self, decision: Decision, there: Given, ours: Written | None) -> Given | None:
        """What the gradebook is to hold; None to leave it as it is."""
        if decision.mark is None:
            return ours.found if ours else None
        cell = self._cells.get((decision.key.notebook, decision.key.cell))
        rubric = self.rubric.question(decision.key.notebook, decision.key.cell)
        if cell is None or rubric.missing(decision.mark.items):
            return None  # points stay until somebody has looked again
        points = rubric.points(decision.mark.items, decision.mark.adjustment, cell.points)
        is_new = ours is None or ours.decision != decision.number
        comment = rubric.comment(decision.mark.items, decision.mark.comment)
        return Given(points, comment or None, needs_person=False if is_new else there.needs_person)


class View:
    """Everything there is to see of an assignment at one moment.

    Args:
        desk: Where it is looked at.
        given: What the gradebook holds.
        first: Last decisions of the first sitting.
        second: Last decisions of the second sitting.
        written: What was written to the gradebook.
    """

    def __init__(
        self,
        desk: Desk,
        given: Mapping[AnswerKey, Given],
        first: Mapping[AnswerKey, Decision],
        second: Mapping[AnswerKey, Decision],
        written: Mapping[AnswerKey, Written],
    ) -> None:
        self._desk, self._given, self._written = desk, given, written
        self.first, self.second = first, second
        self._held: dict[AnswerKey, Held | None] = {}

    @cached_property
    def _answered(self) -> dict[tuple[str, str], list[AnswerKey]]:
        found: dict[tuple[str, str], list[AnswerKey]] = {question.name: [] for question in self._desk.questions}
        for key, given in self._given.items():
            if given.is_answered and self._desk.answers.answer(key) is not None and (key.notebook, key.cell) in found:
                found[key.notebook, key.cell].append(key)
        return found

    def held(self, key: AnswerKey) -> Held | None:
        """Return an answer; None if there is none to mark.

        Args:
            key: Which.
        """
        if key not in self._held:
            self._held[key] = self._hold(key)
        return self._held[key]

    def _hold(self, key: AnswerKey) -> Held | None:
        answer, given = self._desk.answers.answer(key), self._given.get(key)
        if answer is None or given is None:
            return None
        if self._desk.sitting == SECOND:
            decision = self.second.get(key)
            state = MARKED if decision and decision.mark else OPEN
            return Held(answer, decision, Given(None, None, needs_person=False), state)
        decision, ours = self.first.get(key), self._written.get(key)
        mark = decision.mark if decision else None
        is_ours = ours.is_ours(given) if ours else given.score is None
        if not is_ours:
            points = "no points" if given.score is None else f"{points_text(given.score)} points"
            said = f", with the comment “{given.comment}”" if given.comment else ""
            return Held(answer, decision, given, ELSEWHERE, f"Formgrader holds {points} for this answer{said}.")
        if decision is None or mark is None:
            return Held(answer, decision, given, OPEN)
        rubric = self._desk.rubric.question(key.notebook, key.cell)
        why = ""
        if decision.answer != answer.digest:
            why = "The student has handed in another text since it was marked."
        elif missing := rubric.missing(mark.items):
            why = f"It has an item that is no longer in the rubric: {', '.join(missing)}."
        elif given.needs_person:
            why = "The work has been graded again since it was marked; the text is the same."
        return Held(answer, decision, given, AGAIN if why else MARKED, why)

    def groups(self, question: Question) -> list[Group]:
        """Return the answers of a question in the order they are marked in.

        Args:
            question: The question.
        """
        return self._desk.answers.groups(question, self._answered[question.name])

    def order(self, question: Question) -> list[Held]:
        """Return the answers of a question in the order they are marked in; for a second marker those of his sample.

        Args:
            question: The question.
        """
        keys = [key for group in self.groups(question) for key in group.keys]
        if self._desk.sitting == SECOND:
            sample = self.sample(question)
            keys = [key for key in keys if key in sample]
        return [held for key in keys if (held := self.held(key)) is not None]

    def sample(self, question: Question) -> set[AnswerKey]:
        """Return the answers drawn for a second marker: none that he has marked himself.

        Args:
            question: The question.
        """
        desk = self._desk
        keys = sorted(self._answered[question.name], key=lambda key: desk.answers.drawn(key, "second"))
        if desk.sitting == SECOND:
            keys = [key for key in keys if key not in self.first or self.first[key].marker != desk.marker]
        return set(keys[: desk.sample])

    def equal_and_open(self, held: Held) -> list[Held]:
        """Return other answers with the same words that nobody has marked.

        Args:
            held: The answer.
        """
        question = self._desk.question(held.key.notebook, held.key.cell)
        group = self.group_of(question, held.key)
        order = [one for one in self.order(question) if one.key != held.key]
        return [one for one in order if group and one.key in group.equal_to(held.key) and one.state == OPEN]

    def group_of(self, question: Question, key: AnswerKey) -> Group | None:
        """Return the group of an answer.

        Args:
            question: The question.
            key: The answer.
        """
        return next((group for group in self.groups(question) if key in group.keys), None)

    def may_stand(self, question: Question) -> list[Held]:
        """Return answers that were marked, and graded again with the same text.

        Args:
            question: The question.
        """
        rubric = self._desk.rubric_of(question)
        return [
            held
            for held in self.order(question)
            if held.state == AGAIN
            and held.decision
            and held.mark
            and held.decision.answer == held.answer.digest
            and not rubric.missing(held.mark.items)
        ]

    def progress(self, question: Question) -> Progress:
        """Return how far a question is.

        Args:
            question: The question.
        """
        order = self.order(question)
        states = Counter(held.state for held in order)
        given = [key for key in self._given if (key.notebook, key.cell) == question.name]
        read = [key for key in given if self._desk.answers.answer(key) is not None]
        decided = self.first if self._desk.sitting == FIRST else self.second
        markers = Counter(decided[held.key].marker for held in order if held.key in decided and decided[held.key].mark)
        return Progress(
            question,
            len(order),
            states[MARKED],
            states[AGAIN],
            states[ELSEWHERE],
            len(read) - len(self._answered[question.name]),
            len(given) - len(read),
            sum(len(group.keys) > 1 for group in self.groups(question)),
            dict(sorted(markers.items())),
            agreement([pair for _, pair in self.pairs(question)], self._desk.rubric_of(question), question.points),
            len(self.sample(question)),
        )

    def pairs(self, question: Question) -> list[tuple[AnswerKey, tuple[Mark, Mark]]]:
        """Return what both markers gave to the answers that both have marked.

        Args:
            question: The question.
        """
        found = []
        for key, decision in self.second.items():
            first = self.first.get(key)
            if (key.notebook, key.cell) == question.name and decision.mark and first and first.mark:
                found.append((key, (first.mark, decision.mark)))
        return found
