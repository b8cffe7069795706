"""What somebody who marks can do: look at an answer, give it a mark, take it back, change the rubric.

A decision is kept first, and then written to the gradebook; a process that is killed in between is finished by the next
one. Whoever decides says what he has seen: if that is no longer so, nothing is kept, and he is told what has changed.
"""

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from autograder.course.course import Course, CourseError
from autograder.gradebook.access import course_directory, existing_gradebook, writer_lock
from autograder.gradebook.database_file import gradebook_path
from autograder.gradebook.feedback import points_text
from autograder.gradebook.marks import AnswerKey, Given, given_marks, names_of, write_marks, written_cells
from autograder.marking.answers import Answers, Question, questions_of
from autograder.marking.records import FIRST, SECOND, Decision, Mark, Records, RubricChange, Written
from autograder.marking.rubric import QuestionRubric, RubricFile
from autograder.marking.view import AGAIN, ELSEWHERE, OPEN, Held, Stack, View


class Changed(Exception):
    """What somebody decided rests on what is no longer so. Nothing was kept.

    Args:
        said: What has changed, in sentences.
    """

    def __init__(self, said: Sequence[str]) -> None:
        self.said = tuple(said)
        super().__init__(" ".join(said))


class Desk(Stack):
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
        self.course, self.assignment = course, assignment
        self._lock = threading.RLock()
        self._open = ExitStack()
        self._opened: tuple[int, int] | None = None
        self._gradebook: Any = None
        with self._reading() as gradebook:
            self._cells = written_cells(gradebook, assignment)
            self._names = names_of(gradebook)
        questions = questions_of(course, assignment, self._cells)
        if not questions:
            raise CourseError(f"'{assignment}' has no question that a person marks.")
        rubric = RubricFile.of(course, assignment)
        self._records = Records(course.state_directory, assignment)
        answers = Answers(course, assignment, questions, self._records.key, self._records.seed(seed))
        super().__init__(questions, rubric, answers, marker=marker, sitting=sitting, sample=sample)
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

    def names(self, student: str) -> tuple[str, ...]:
        """Return what a student is called, so that it can be hidden.

        Args:
            student: The nbgrader student id.
        """
        return self._names.get(student, (student,))

    # --- looking ---------------------------------------------------------------------------------------------------

    def view(self) -> View:
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

    def next_open(self, view: View, question: Question, after: AnswerKey | None = None) -> Held | None:
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
