"""What somebody who marks sees: every answer with all that is known of its marking, in its order, and how far it is."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.course.course import CourseError
from autograder.gradebook.feedback import points_text
from autograder.gradebook.marks import AnswerKey, Given
from autograder.judge.wording import no_such
from autograder.marking.agreement import Agreement, agreement
from autograder.marking.answers import Answer, Answers, Question
from autograder.marking.grouping import Group
from autograder.marking.records import FIRST, SECOND, Decision, Mark, Written
from autograder.marking.rubric import QuestionRubric, RubricFile

OPEN, MARKED, AGAIN, ELSEWHERE = "open", "marked", "again", "elsewhere"
"""States of an answer: nobody has marked it; somebody has; somebody has, and has to look again; in formgrader."""


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


class Stack:
    """What is to be marked, and who marks it.

    Args:
        questions: That a person marks.
        rubric: What they are marked by.
        answers: Of the class.
        marker: Who marks.
        sitting: `FIRST`, whose marks count, or `SECOND`, whose marks are compared.
        sample: So many answers of each question a second marker gets.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        rubric: RubricFile,
        answers: Answers,
        *,
        marker: str,
        sitting: str,
        sample: int,
    ) -> None:
        self.questions, self.rubric, self.answers = questions, rubric, answers
        self.marker, self.sitting, self.sample = marker, sitting, sample

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


class View:
    """Everything there is to see of an assignment at one moment.

    Args:
        stack: What is marked, and by whom.
        given: What the gradebook holds.
        first: Last decisions of the first sitting.
        second: Last decisions of the second sitting.
        written: What was written to the gradebook.
    """

    def __init__(
        self,
        stack: Stack,
        given: Mapping[AnswerKey, Given],
        first: Mapping[AnswerKey, Decision],
        second: Mapping[AnswerKey, Decision],
        written: Mapping[AnswerKey, Written],
    ) -> None:
        self._stack, self._given, self._written = stack, given, written
        self.first, self.second = first, second
        self._held: dict[AnswerKey, Held | None] = {}

    @cached_property
    def _answered(self) -> dict[tuple[str, str], list[AnswerKey]]:
        found: dict[tuple[str, str], list[AnswerKey]] = {question.name: [] for question in self._stack.questions}
        for key, given in self._given.items():
            if given.is_answered and self._stack.answers.answer(key) is not None and (key.notebook, key.cell) in found:
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
        answer, given = self._stack.answers.answer(key), self._given.get(key)
        if answer is None or given is None:
            return None
        if self._stack.sitting == SECOND:
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
        rubric = self._stack.rubric.question(key.notebook, key.cell)
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
        return self._stack.answers.groups(question, self._answered[question.name])

    def order(self, question: Question) -> list[Held]:
        """Return the answers of a question in the order they are marked in; for a second marker those of his sample.

        Args:
            question: The question.
        """
        keys = [key for group in self.groups(question) for key in group.keys]
        if self._stack.sitting == SECOND:
            sample = self.sample(question)
            keys = [key for key in keys if key in sample]
        return [held for key in keys if (held := self.held(key)) is not None]

    def sample(self, question: Question) -> set[AnswerKey]:
        """Return the answers drawn for a second marker: none that he has marked himself.

        Args:
            question: The question.
        """
        stack = self._stack
        keys = sorted(self._answered[question.name], key=lambda key: stack.answers.drawn(key, "second"))
        if stack.sitting == SECOND:
            keys = [key for key in keys if key not in self.first or self.first[key].marker != stack.marker]
        return set(keys[: stack.sample])

    def equal_and_open(self, held: Held) -> list[Held]:
        """Return other answers with the same words that nobody has marked.

        Args:
            held: The answer.
        """
        question = self._stack.question(held.key.notebook, held.key.cell)
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
        rubric = self._stack.rubric_of(question)
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
        read = [key for key in given if self._stack.answers.answer(key) is not None]
        decided = self.first if self._stack.sitting == FIRST else self.second
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
            agreement([pair for _, pair in self.pairs(question)], self._stack.rubric_of(question), question.points),
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
