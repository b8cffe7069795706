"""The page on which written answers are marked: plain forms, and a script for the keys."""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from markupsafe import escape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from autograder.course.course import CourseError
from autograder.gradebook.feedback import points_text
from autograder.gradebook.trouble import in_words
from autograder.instruments.pages import environment
from autograder.marking.answers import Question
from autograder.marking.desk import Changed, Desk
from autograder.marking.guard import Guard, read_form
from autograder.marking.records import FIRST, SECOND, Mark
from autograder.marking.rubric import Item, QuestionRubric, new_id, points_read, with_item
from autograder.marking.showing import hide_names, shown_cells, shown_prompt, shown_solution, shown_text
from autograder.marking.view import Held, View

_KEYS = "1234567890"
_KEPT_SENTENCES = 50
Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Draft:
    """What a form holds that is not saved yet."""

    items: tuple[str, ...] = ()
    adjustment: str = ""
    comment: str = ""

    @classmethod
    def of(cls, mark: Mark | None) -> "Draft":
        """Return the draft an answer begins with.

        Args:
            mark: What it has, if anything.
        """
        if mark is None:
            return cls()
        return cls(mark.items, points_text(mark.adjustment) if mark.adjustment else "", mark.comment)


@dataclass
class Said:
    """Sentences that the next page shows, by what its address carries."""

    kept: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def keep(self, sentence: str) -> str:
        """Keep a sentence for one page.

        Args:
            sentence: What to say.

        Returns:
            The end of that page's address.
        """
        name = secrets.token_hex(4)
        self.kept[name] = sentence
        while len(self.kept) > _KEPT_SENTENCES:
            self.kept.popitem(last=False)
        return f"?said={name}"


class MarkingPage:
    """Answers requests at one desk.

    Args:
        desk: Where to mark.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._csrf = secrets.token_urlsafe(24)
        self._said = Said()

    def routes(self) -> list[Route | Mount]:
        """Return what can be asked for."""
        answer = "/q/{question:int}/{answer:str}"
        return [
            Route("/", self._asked(self.overview)),
            Route("/undo", self._sent(self.undo), methods=["POST"]),
            Route("/q/{question:int}", self._asked(self.go_on)),
            Route("/q/{question:int}/stand", self._sent(self.stand), methods=["POST"]),
            Route(answer, self._asked(self.answer), methods=["GET"]),
            Route(answer, self._sent(self.decide), methods=["POST"]),
            Route(f"{answer}/notebook", self._asked(self.notebook)),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ]

    def _asked(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def asked(request: Request) -> Response:
            return await run_in_threadpool(self._at_desk, lambda: answer(request))

        return asked

    def _sent(self, answer: Callable[[Request, Form], Response]) -> Callable[[Request], Any]:
        async def sent(request: Request) -> Response:
            form = await read_form(request)
            if form is None:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is more than a comment; nothing was saved."
                )
            if not hmac.compare_digest(_first(form, "csrf").encode(), self._csrf.encode()):
                raise HTTPException(
                    HTTPStatus.FORBIDDEN, "This page is of an earlier run; nothing was saved. Go back and load it anew."
                )
            return await run_in_threadpool(self._at_desk, lambda: answer(request, form))

        return sent

    def _at_desk(self, answer: Callable[[], Response]) -> Response:
        with self._desk.at_hand():
            return answer()

    # --- pages -----------------------------------------------------------------------------------------------------

    def overview(self, request: Request) -> Response:
        """Show how far all questions are."""
        return self._overview(request, "", "")

    def _overview(self, request: Request, said: str, alert: str) -> Response:
        view = self._desk.view()
        questions = [self._progress(view, number, question) for number, question in enumerate(self._desk.questions, 1)]
        status = HTTPStatus.CONFLICT if alert else HTTPStatus.OK
        return self._page("overview.html.j2", request, status, questions=questions, said=said, alert=alert)

    def _progress(self, view: View, number: int, question: Question) -> dict[str, Any]:
        rubric, names = self._desk.rubric_of(question), self._desk.answers
        different = []
        for key, pair in view.pairs(question):
            points = [rubric.points(mark.items, mark.adjustment, question.points) for mark in pair]
            if points[0] != points[1]:
                different.append((names.named(key), points))
        return {
            "number": number,
            "progress": view.progress(question),
            "different": sorted(different, key=lambda one: -abs(one[1][0] - one[1][1])),
            "may_stand": len(view.may_stand(question)) if self._desk.sitting == FIRST else 0,
        }

    def go_on(self, request: Request) -> Response:
        """Go to the next answer of a question that has to be marked."""
        question = self._question(request)
        view = self._desk.view()
        found = self._desk.next_open(view, question)
        order = view.order(question)
        if found is None and not order:
            return self._to("/", "There is no answer to this question yet.")
        said = "" if found else "All answers to this question are marked; this is the first one."
        return self._to(self._path(request, found or order[0]), said)

    def answer(self, request: Request) -> Response:
        """Show one answer."""
        view, question, held = self._found(request)
        self._desk.look(held)
        return self._answer(request, view, question, held, Draft.of(held.mark))

    def _answer(
        self,
        request: Request,
        view: View,
        question: Question,
        held: Held,
        draft: Draft,
        *,
        alerts: Sequence[str] = (),
        said: str = "",
        is_editing: bool = False,
    ) -> Response:
        desk, names = self._desk, self._desk.names(held.key.student)
        order, rubric = view.order(question), desk.rubric_of(question)
        place = next((place for place, one in enumerate(order) if one.key == held.key), 0)
        group = view.group_of(question, held.key)
        others = [one for key in (group.keys if group else ()) if key != held.key and (one := view.held(key))]
        beside = (order[place - 1], order[(place + 1) % len(order)]) if order else (held, held)
        second = view.second.get(held.key) if desk.sitting == FIRST and held.mark else None
        return self._page(
            "answer.html.j2",
            request,
            HTTPStatus.CONFLICT if alerts else HTTPStatus.OK,
            question=question,
            number=request.path_params["question"],
            held=held,
            place=place + 1,
            total=len(order),
            progress=view.progress(question),
            text=shown_text(held.answer, question, desk.answers.attachments(held.key), names),
            prompt=shown_prompt(question),
            solution=shown_solution(question),
            near=shown_cells(desk.answers.near(held.key), names),
            handed_in=shown_cells(desk.answers.near_as_handed_in(held.key), names),
            hidden=lambda text: hide_names(str(escape(text)), names),
            rubric=rubric,
            keyed=list(zip(rubric.items, [*_KEYS, *[""] * len(rubric.items)], strict=False)),
            used={item.id: self._used(view, question, item.id) for item in rubric.items},
            rubric_digest=desk.rubric.digest,
            draft=draft,
            alerts=alerts,
            said=said,
            is_editing=is_editing,
            others=len(others),
            group_place=(group.keys.index(held.key) + 1) if group else 1,
            equal=len(view.equal_and_open(held)),
            to_take=any(one.mark for one in others),
            previous=self._path(request, beside[0]),
            following=self._path(request, beside[1]),
            second=(second.marker, self._told(question, second.mark)) if second and second.mark else None,
        )

    def _told(self, question: Question, mark: Mark) -> str:
        rubric = self._desk.rubric_of(question)
        titles = [item.title for item in rubric.items if item.id in mark.items]
        points = points_text(rubric.points(mark.items, mark.adjustment, question.points))
        return (
            f"{points} points"
            + (f": {'; '.join(titles)}" if titles else "")
            + (f". {mark.comment}" * bool(mark.comment))
        )

    def _used(self, view: View, question: Question, item: str) -> int:
        decided = view.first if self._desk.sitting == FIRST else view.second
        return sum(
            found.mark is not None and item in found.mark.items
            for key, found in decided.items()
            if (key.notebook, key.cell) == question.name
        )

    def notebook(self, request: Request) -> Response:
        """Show the whole notebook an answer stands in."""
        _, question, held = self._found(request)
        names = self._desk.names(held.key.student)
        cells = shown_cells(self._desk.answers.whole(held.key), names)
        back = self._path(request, held)
        return self._page("notebook.html.j2", request, question=question, held=held, cells=cells, back=back)

    # --- decisions -------------------------------------------------------------------------------------------------

    def decide(self, request: Request, form: Form) -> Response:
        """Do what a form of an answer asks for."""
        question, action = self._question(request), _first(form, "action")
        comment = _first(form, "comment").replace("\r\n", "\n")
        draft = Draft(tuple(form.get("item", ())), _first(form, "adjustment"), comment)
        key = self._desk.answers.key_named(request.path_params["answer"])
        try:
            if action in ("rubric", "take") or key is None:
                act = self._take if action == "take" else self._change_rubric
                return act(request, *self._found(request), draft, form)
            mark = Mark(draft.items, points_read(draft.adjustment), draft.comment.strip())
            given, also = self._desk.save(key, mark, _first(form, "seen"), also_equal=action == "equal")
        except (Changed, CourseError) as problem:
            said = problem.said if isinstance(problem, Changed) else (f"{problem} Nothing was saved.",)
            view, question, now = self._found(request)
            return self._answer(request, view, question, now, draft, alerts=said, is_editing=action == "rubric")
        sentence = f"Saved: {points_text(given)} of {points_text(question.points)} points"
        sentence += f", and {also} more with the same words." if also else "."
        found = self._desk.next_open(self._desk.view(), question, key)
        if found is None:
            return self._to("/", f"{sentence} All answers to this question are marked.")
        return self._to(self._path(request, found), sentence)

    def _change_rubric(
        self, request: Request, _view: View, question: Question, held: Held, draft: Draft, form: Form
    ) -> Response:
        rubric, added = _rubric_of(form, self._desk.rubric_of(question))
        changed = self._desk.change_rubric(question, rubric, _first(form, "rubric_digest"))
        view = self._desk.view()
        draft = replace(draft, items=tuple(name for name in (*draft.items, *added) if rubric.item(name)))
        said = f"The rubric is saved; {changed} answer{'' if changed == 1 else 's'} changed with it."
        return self._answer(request, view, question, view.held(held.key) or held, draft, said=said)

    def _take(
        self, request: Request, view: View, question: Question, held: Held, _draft: Draft, _form: Form
    ) -> Response:
        group = view.group_of(question, held.key)
        marks = [
            one.mark
            for key in (group.keys if group else ())
            if key != held.key and (one := view.held(key)) is not None and one.mark
        ]
        said = "Taken over from an answer with nearly the same text; not saved yet."
        return self._answer(request, view, question, held, Draft.of(marks[-1] if marks else None), said=said)

    def undo(self, request: Request, _form: Form) -> Response:
        """Take back what was done last."""
        try:
            said, key = self._desk.undo()
        except (Changed, CourseError) as problem:
            return self._overview(request, "", str(problem))
        if key is None:
            back = _first(_form, "back")
            return self._to(back if back.startswith("/q/") else "/", said)
        number = next(
            number
            for number, question in enumerate(self._desk.questions, 1)
            if question.name == (key.notebook, key.cell)
        )
        return self._to(f"/q/{number}/{self._desk.answers.named(key)}", said)

    def stand(self, request: Request, _form: Form) -> Response:
        """Let marks count on whose answers are the same in work that was graded again."""
        try:
            stands = self._desk.let_stand(self._question(request))
        except Changed as problem:
            return self._overview(request, "", str(problem))
        return self._to("/", f"{stands} marks stand.")

    # --- parts -----------------------------------------------------------------------------------------------------

    def _question(self, request: Request) -> Question:
        number = int(request.path_params["question"])
        if not 1 <= number <= len(self._desk.questions):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such question.")
        return self._desk.questions[number - 1]

    def _found(self, request: Request) -> tuple[View, Question, Held]:
        question, view = self._question(request), self._desk.view()
        wanted = request.path_params["answer"]
        found = next((held for held in view.order(question) if held.answer.name == wanted), None)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such answer any more.")
        return view, question, found

    def _path(self, request: Request, held: Held) -> str:
        return f"/q/{request.path_params['question']}/{held.answer.name}"

    def _to(self, path: str, said: str = "") -> Response:
        return RedirectResponse(path + (self._said.keep(said) if said else ""), HTTPStatus.SEE_OTHER)

    def _page(self, template: str, request: Request, status: int = HTTPStatus.OK, **content: Any) -> Response:
        content["said"] = content.get("said") or self._said.kept.get(request.query_params.get("said", ""), "")
        return HTMLResponse(
            environment(__package__)
            .get_template(template)
            .render(
                assignment=self._desk.assignment,
                marker=self._desk.marker,
                is_second=self._desk.sitting == SECOND,
                csrf=self._csrf,
                problem=self._desk.rubric.problem,
                rubric_path=self._desk.rubric.path.relative_to(self._desk.course.root),
                here=request.url.path,
                **content,
            ),
            status,
        )

    def went_wrong(self, request: Request, problem: Exception) -> Response:
        """Say in a sentence what went wrong."""
        if isinstance(problem, HTTPException):
            return self._page("problem.html.j2", request, problem.status_code, sentence=problem.detail)
        if isinstance(problem, CourseError):
            return self._page("problem.html.j2", request, HTTPStatus.SERVICE_UNAVAILABLE, sentence=str(problem))
        sentence = in_words(problem)
        return self._page("problem.html.j2", request, HTTPStatus.INTERNAL_SERVER_ERROR, sentence=sentence)


def application(desk: Desk, token: str, port: int) -> ASGIApp:
    """Return the web application of a desk.

    Args:
        desk: Where to mark.
        token: What the address has to carry.
        port: Where it listens.
    """
    page = MarkingPage(desk)
    handlers: Any = {HTTPException: page.went_wrong, CourseError: page.went_wrong, Exception: page.went_wrong}
    # Around everything: what Starlette says of an error of ours has the same headers.
    return Guard(Starlette(routes=page.routes(), exception_handlers=handlers), token, port)


def _first(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").replace("\0", "")  # which no database keeps


def _rubric_of(form: Form, rubric: QuestionRubric) -> tuple[QuestionRubric, tuple[str, ...]]:
    """Read the rubric off a form; return it, and the ids of items that are new."""
    removed = set(form.get("remove", ()))
    for item in rubric.items:
        if f"title.{item.id}" in form:
            rubric = with_item(rubric, _item(form, item.id, item.id))
    rubric = replace(rubric, items=tuple(item for item in rubric.items if item.id not in removed))
    if not _first(form, "title.").strip():
        return rubric, ()
    added = _item(form, "", new_id(_first(form, "title."), rubric))
    return with_item(rubric, added), (added.id,)


def _item(form: Form, name: str, item_id: str) -> Item:
    title = " ".join(_first(form, f"title.{name}").split())
    if not title:
        raise CourseError("An item has no words; write what it stands for.")
    comment = _first(form, f"comment.{name}").replace("\r\n", "\n").strip()
    return Item(item_id, title, points_read(_first(form, f"points.{name}")), comment)
