"""Written answers marked on the page: what the gradebook holds, and what happens when two do so, or one is killed."""

import base64
import json
import re

import nbformat
import pytest
import sample_course
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.gradebook import marks
from autograder.gradebook.access import open_gradebook
from autograder.marking import desk as desks
from autograder.marking.records import FIRST, SECOND
from autograder.marking.showing import hide_names
from autograder.marking.view import MARKED, OPEN
from tests.marking.conftest import DOT, RUBRIC, Browser

TEXTS = {
    "ada": "Because accuracy was 0.93 with the weights, and 0.75 without them.",
    "ben": "I think it is because features help, but I did not look.",
    "cleo": "No reason at all comes to my mind here, sorry for that.",
}


@pytest.fixture
def marked(made_up):
    """A course with three answers and a rubric of two items."""
    made_up.hand_in(TEXTS)
    made_up.rubric()
    return made_up


def open_answer(browser, text):
    """Go through the answers until one holds a text."""
    browser.get("/q/1")
    for _ in range(40):
        if text in browser.page.text:
            return browser.page
        browser.get(re.search(r'href="([^"]+)" data-key="n"', browser.page.text)[1])
    raise AssertionError(f"no answer holds {text!r}")


def test_a_mark_is_points_and_comment_in_the_gradebook_and_the_next_answer_comes(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    page = browser.post(item=["reason", "number"], adjustment="-0,5", comment="Nice <b>numbers</b>.")

    assert "Saved: 2.5 of 3 points" in page.text
    assert "0.93 with" not in page.text, "the next open answer is another one"
    assert marked.rows()["ada"] == (2.5, "You say why.\n\nNice <b>numbers</b>.", False)
    assert marked.rows()["ben"] == (None, None, True)


def test_points_stay_between_nothing_and_what_the_question_gives(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    browser.post(item=["reason", "number"], adjustment="7")
    open_answer(browser, "I think")
    browser.post(adjustment="−7")

    assert [marked.rows()[student][0] for student in ("ada", "ben")] == [3.0, 0.0]


def test_a_changed_item_changes_all_answers_that_have_it_wherever_it_was_changed(marked):
    browser = Browser(marked.desk())
    for text in ("0.93 with", "I think"):
        open_answer(browser, text)
        browser.post(item="reason", comment="Own words.")
    open_answer(browser, "No reason")
    fields = {"title.reason": "Reasons", "points.reason": "1.5", "comment.reason": "Why is said."}
    page = browser.post(action="rubric", comment="still typing", **fields)

    assert "2 answers changed with it" in page.text
    assert "still typing" in page.text, "what was typed for this answer is kept"
    assert {student: row[:2] for student, row in marked.rows().items()} == {
        "ada": (1.5, "Why is said.\n\nOwn words."),
        "ben": (1.5, "Why is said.\n\nOwn words."),
        "cleo": (None, None),
    }
    path = marked.root / "rubrics" / "homework.toml"
    assert "# ours" in path.read_text(), "comments of the file stay"
    path.write_text(path.read_text().replace("1.5", "2"))
    browser.get("/")
    assert marked.rows()["ada"][0] == 2.0
    path.write_text("[doubling.why\n")
    assert "is no TOML" in browser.get("/").text
    assert marked.rows()["ada"][0] == 2.0


def test_an_item_added_while_marking_is_given_at_once_and_undone_again(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "I think")
    page = browser.post(action="rubric", **{"title.": "Guesses!", "points.": "-1", "comment.": "Look, then say."})
    assert re.search(r'value="guesses"[^>]*checked', page.text)
    browser.post(item=["guesses", "number"])
    assert marked.rows()["ben"][:2] == (1.0, "Look, then say.")

    browser.get("/")
    browser.post("/undo")
    assert marked.rows()["ben"] == (None, None, True)
    assert "guesses" in marked.desk().rubric.text
    browser.post("/undo")
    assert "guesses" not in marked.desk().rubric.text
    assert "nothing to undo" in browser.post("/undo").text


def test_an_item_that_is_gone_leaves_points_and_asks_for_another_look(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    browser.post(item=["reason", "number"])
    marked.rubric(RUBRIC.replace('id = "reason"', 'id = "why"'))
    browser.get("/")

    assert "1 to look at again" in browser.page.text
    assert marked.rows()["ada"][0] == 3.0
    assert "no longer in the rubric: reason" in open_answer(browser, "0.93 with").text


def test_a_stale_mark_is_refused_with_what_changed_and_what_was_typed_stays(marked):
    mia, bea = Browser(marked.desk("mia")), Browser(marked.desk("bea"))
    open_answer(mia, "0.93 with")
    open_answer(bea, "0.93 with")
    mia.post(item="number", comment="Fine.")
    page = bea.post(item="reason", comment="Of bea.")

    assert page.status_code == 409
    assert re.search(r"mia has given this answer 2 points at \d{4}-.*Names a number.*“Fine.”", page.text)
    assert "Of bea." in page.text
    assert re.search(r'value="reason"[^>]*checked', page.text)
    assert marked.rows()["ada"][:2] == (2.0, "Fine.")
    bea.post(item="reason", comment="Of bea.")  # having read it
    assert marked.rows()["ada"][:2] == (1.0, "You say why.\n\nOf bea.")
    mia.get("/")
    assert mia.post("/undo").status_code == 409, "an undo of what another has changed is refused as well"
    assert marked.rows()["ada"][0] == 1.0


def test_points_of_formgrader_are_seen_and_never_overwritten_unasked(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    browser.post(item="reason")
    open_answer(browser, "I think")
    marked.formgrader("ada", 2.75, "By hand.")
    marked.formgrader("ben", 0.5)
    page = browser.post(item="reason")

    assert page.status_code == 409
    assert "Formgrader holds 0.5 points" in page.text
    marked.rubric(RUBRIC.replace("points = 1", "points = 3"))
    assert "2 of them in formgrader" in browser.get("/").text
    assert [marked.rows()[student][0] for student in ("ada", "ben")] == [2.75, 0.5]
    open_answer(browser, "0.93 with")
    browser.post(item="reason")
    assert marked.rows()["ada"][:2] == (3.0, "You say why.")


def test_another_text_is_no_longer_the_one_that_was_seen_or_marked(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    browser.post(item="reason")
    open_answer(browser, "I think")
    marked.write("ben", "Because of something quite different, on second thought.")
    assert browser.post(item="reason").status_code == 409
    marked.write("ada", "Another text, handed in again after the first was marked.")
    assert "handed in another text" in open_answer(browser, "Another text").text


def test_work_graded_again_is_looked_at_again_or_stands_by_one_button(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    browser.post(item="reason", comment="Kept.")
    row = marks.Given(1.0, "You say why.\n\nKept.", needs_person=True)
    with desks.existing_gradebook(marked.desk().course, "homework") as gradebook:
        [key] = marked.desk().view().first
        marks.write_marks(marked.desk().course, gradebook, "homework", {key: row})

    assert "Let 1 mark stand" in browser.get("/").text
    browser.post("/q/1/stand")
    assert marked.rows()["ada"] == (1.0, "You say why.\n\nKept.", False)


@pytest.mark.parametrize("where", ["intend", "write_marks", "wrote"])
def test_killed_in_the_middle_of_a_mark_nothing_is_lost_and_nothing_is_taken_for_another_s(marked, monkeypatch, where):
    class Killed(BaseException):
        pass

    def killed(*_args, **_words):
        raise Killed

    desk = marked.desk()
    [ada] = [held for held in desk.view().order(desk.questions[0]) if held.key.student == "ada"]
    owner = desks if where == "write_marks" else desks.Records
    with monkeypatch.context() as patch:
        patch.setattr(owner, where, killed)
        with pytest.raises(Killed):
            desk.save(ada.key, desks.Mark(("reason",)), ada.seen)
    marked.rubric(RUBRIC.replace("points = 1", "points = 1.5"))  # and somebody edits it before the next run

    again = marked.desk()
    assert marked.rows()["ada"] == (1.5, "You say why.", False)
    assert again.view().held(ada.key).state == MARKED


def test_the_next_run_goes_on_in_the_same_order_and_another_seed_draws_another(made_up):
    made_up.hand_in({f"s{number}": f"Text {number} is like no other {number * 7}." for number in range(12)})

    def order(**options):
        desk = made_up.desk(**options)
        return [held.key.student for held in desk.view().order(desk.questions[0])]

    assert order() == order() == order(marker="bea")
    assert order() != sorted(order(), key=lambda name: int(name[1:]))
    drawn = order(seed=5)
    assert drawn == order()
    assert drawn != order(seed=6)
    desk = made_up.desk(seed=5)
    browser = Browser(desk)
    browser.get("/q/1")
    browser.post(adjustment="1")
    assert desk.next_open(desk.view(), desk.questions[0]).key.student == drawn[1]
    assert made_up.rows()[drawn[0]][0] == 1.0


def test_two_who_mark_at_once_are_offered_different_answers(marked):
    mia, bea = Browser(marked.desk("mia")), Browser(marked.desk("bea"))
    mia.get("/q/1")
    bea.get("/q/1")

    assert mia.page.url != bea.page.url


def test_equal_texts_are_marked_at_once_near_ones_one_after_another(made_up):
    text = "Features that were learned from many pictures spare the head most of the work, as 0.96 shows."
    texts = {f"s{number}": f"Number {number} says something else, namely {number * 13} of it." for number in range(10)}
    texts |= {"same": text, "again": f"  {text.upper()} ", "near": f"{text} So I would take it."}
    made_up.hand_in(texts)
    made_up.rubric()
    desk = made_up.desk()
    order = [held.key.student for held in desk.view().order(desk.questions[0])]
    places = sorted(order.index(student) for student in ("same", "again", "near"))
    assert places == list(range(places[0], places[0] + 3))
    browser = Browser(desk)
    page = open_answer(browser, "as 0.96 shows.</p>")

    assert "with nearly the same text; 1 open one with the same words" in page.text
    assert "1 more with the same words" in browser.post(action="equal", item="number", comment="Said well.").text
    assert made_up.rows()["same"] == made_up.rows()["again"] == (2.0, "Said well.", False)
    assert made_up.rows()["near"][0] is None
    open_answer(browser, "So I would take it")
    assert re.search(r'value="number"[^>]*checked', browser.post(action="take").text)
    browser.get("/")
    browser.post("/undo")
    assert made_up.rows()["same"] == made_up.rows()["again"] == (None, None, True)


def test_no_name_is_on_any_page_nor_in_any_address(made_up):
    made_up.hand_in(
        {"zq17": "I am Quentin, zq17, and QUENTIN knows: it will be 0.9."}, first_name="Quentin", last_name="Will"
    )
    browser = Browser(made_up.desk())
    path = browser.get("/q/1").url.path
    pages = [browser.page.text, path, browser.get(f"{path}/notebook").text, browser.get("/").text]

    assert not [page for page in pages if re.search("zq17|quentin", page, re.IGNORECASE)]
    assert "I am [name], [name], and [name] knows: it will be 0.9." in pages[0]
    assert "of [name]" in pages[0], "in what the notebook has put out as well"


@pytest.mark.parametrize(
    ("names", "text", "shown"),
    [
        (("a1",), "of a1, not of a10 or 1a1", "of [name], not of a10 or 1a1"),
        (("200",), "200 images", "200 images"),
        (("8123456",), "8123456 had 200", "[name] had 200"),
        (("x9", "Will", "Li"), "Will will, WILL Li", "[name] will, [name] Li"),
        (("x9", "A&B"), '<img alt="by A&amp;B" src="A&amp;B">A&amp;B', '<img alt="by [name]" src="A&amp;B">[name]'),
    ],
)
def test_a_name_is_hidden_where_it_is_one(names, text, shown):
    assert hide_names(text, names) == shown


def test_numbers_and_figures_stand_beside_the_text_and_nothing_of_a_student_s_runs(made_up):
    made_up.hand_in(
        {"eve": "Hello <script>alert(1)</script><img src=x onerror=alert(2)> **bold** 0.5 ![](attachment:a)"}
    )
    path = made_up.root / "autograded" / "eve" / "homework" / "doubling.ipynb"
    notebook = json.loads(path.read_text())
    [cell] = [cell for cell in notebook["cells"] if cell["id"] == "why"]
    put_in = base64.b64encode(base64.b64decode(DOT) + bytes(3)).decode()
    cell["attachments"] = {"a": {"image/png": put_in}}
    path.write_text(json.dumps(notebook))
    browser = Browser(made_up.desk())
    page = browser.get("/q/1")

    assert "accuracy 0.93" in page.text
    assert '<img src="data:image/png;base64' in page.text
    assert f"base64,{put_in}" in page.text, "a picture that was put into the answer"
    assert "<strong>bold</strong>" in page.text
    assert "alert(" not in page.text
    assert "onerror" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


def test_the_numbers_the_student_had_are_shown_as_they_were_handed_in(made_up):
    made_up.hand_in({"eve": "It was 0.87 when I ran it."})
    browser = Browser(made_up.desk())
    graded = browser.get("/q/1").text
    made_up.write("eve", "It was 0.87 when I ran it.", "accuracy 0.87 <script>", where="submitted")
    page = browser.get("/q/1").text

    assert "handed it in" not in graded
    assert page.index("accuracy 0.87 &lt;script&gt; of [name]") < page.index("As it was when it was graded")
    assert "accuracy 0.93 of [name]" in page
    (made_up.root / "submitted" / "eve" / "homework" / "doubling.ipynb").write_text("no notebook")
    assert "accuracy 0.93 of [name]" in browser.get("/q/1").text


def test_the_page_is_for_who_has_the_token_on_this_machine_and_sends_its_own_forms(marked):
    browser = Browser(marked.desk())
    open_answer(browser, "0.93 with")
    client, path = browser.client, browser.page.url.path
    data = {name: browser.field(name) for name in ("csrf", "seen", "rubric_digest")} | {
        "item": "reason",
        "action": "save",
    }
    mine = f"http://127.0.0.1:{client.base_url.port}"

    assert client.post(path, data=data, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post(path, data=data, headers={"origin": "null"}).status_code == 403
    assert client.post(path, data=data | {"csrf": "guessed"}, headers={"origin": mine}).status_code == 403
    assert client.post(path, data=data | {"comment": "x" * 2_000_000}, headers={"origin": mine}).status_code == 413
    assert client.get(path, headers={"host": "evil.example:8123"}).status_code == 421
    assert client.get("/q/1/nobody").status_code == 404
    assert client.get("/q/7").status_code == 404
    assert client.get("/static/../desk.py").status_code == 404
    client.cookies.clear()
    assert client.get(path).status_code == 403
    assert client.get("/?token=wrong").status_code == 403
    assert client.get("/static/mark.css").status_code == 403
    assert marked.rows()["ada"][0] is None


def test_a_second_marker_sees_a_sample_and_not_the_first_marks_and_agreement_is_cohen_s(made_up):
    made_up.hand_in({f"s{number}": f"Text {number} is like no other {number * 7}." for number in range(9)})
    made_up.rubric()
    mia = made_up.desk("mia")
    question = mia.questions[0]
    given = {}
    for place, held in enumerate(mia.view().order(question)):
        given[held.key] = desks.Mark([("reason",), ("number",), ("reason", "number")][place % 3])
        mia.save(held.key, given[held.key], held.seen)
    cem = made_up.desk("cem", sitting=SECOND, sample=6)
    drawn = cem.view().order(question)
    assert {held.state for held in drawn} == {OPEN}
    assert [held.key for held in made_up.desk("dan", sitting=SECOND, sample=6).view().order(question)] == [
        held.key for held in drawn
    ]
    assert made_up.desk("mia", sitting=SECOND).view().order(question) == [], "nobody is his own second marker"
    before = made_up.rows()
    for place, held in enumerate(drawn):
        mark = given[held.key] if place else desks.Mark(())
        cem.save(held.key, mark, held.seen)
    assert made_up.rows() == before, "a second marker's points do not count"

    import numpy as np

    points = {("reason",): 1.0, ("number",): 2.0, ("reason", "number"): 3.0, (): 0.0}
    first = np.array([points[given[held.key].items] for held in drawn])
    second = np.array([0.0, *first[1:]])
    apart = np.subtract.outer(first, second) ** 2
    expected = 1 - np.mean((first - second) ** 2) / apart.mean()
    found = made_up.desk("mia", sample=6).view().progress(question).second
    assert (found.both, found.same_points) == (6, 5)
    assert found.kappa == pytest.approx(expected)
    assert found.mean_difference == pytest.approx(np.mean(second - first))
    browser = Browser(made_up.desk("mia"))
    assert f"Cohen's kappa (quadratic weights) {expected:.2f}" in browser.page.text
    browser.get(re.search(r'href="(/q/1/\w+)">', browser.page.text)[1])
    assert "cem, second marker: 0 points" in browser.page.text
    assert "mia" not in Browser(made_up.desk("cem", sitting=SECOND, sample=6)).get(f"/q/1/{drawn[1].answer.name}").text


def test_thirty_answers_are_counted_as_they_are(made_up):
    texts = {f"s{number}": f"Text {number} is like no other {number * 7}." * (number % 5 != 0) for number in range(10)}
    made_up.hand_in(texts)
    desk = made_up.desk()
    question = desk.questions[0]
    progress = desk.view().progress(question)

    assert (progress.answers, progress.unanswered, progress.left) == (8, 2, 8)
    held = desk.view().order(question)[0]
    desk.save(held.key, desks.Mark(adjustment=1), held.seen)
    assert desk.view().progress(question).left == 7
    assert desk.view().first[held.key].mark == desks.Mark(adjustment=1.0)
    assert desk.sitting == FIRST


def test_code_that_a_person_marks_and_a_task_are_questions_as_well(made_up):
    source = made_up.root / "source" / "homework" / "doubling.ipynb"
    notebook = nbformat.read(source, as_version=4)
    code = new_code_cell(
        "plot = 1", id="draw", metadata=sample_course.mark("draw", grade=True, solution=True, points=2)
    )
    task = new_markdown_cell("Build it.", id="build", metadata=sample_course.mark("build", task=True, points=5))
    notebook.cells += [code, task]
    nbformat.write(notebook, source)
    with open_gradebook(made_up.desk().course) as gradebook:
        place = ("doubling", "homework")
        gradebook.add_grade_cell("draw", *place, max_score=2, cell_type="code")
        gradebook.add_solution_cell("draw", *place)
        gradebook.add_task_cell("build", *place, max_score=5, cell_type="markdown")
    made_up.hand_in({"eve": "Because."})
    path = made_up.root / "autograded" / "eve" / "homework" / "doubling.ipynb"
    handed_in = nbformat.read(path, as_version=4)
    handed_in.cells += [code, task, new_markdown_cell("My way.", id="own"), new_code_cell("built = True", id="more")]
    nbformat.write(handed_in, path)
    with open_gradebook(made_up.desk().course) as gradebook:
        for grade in gradebook.find_submission_notebook(*place, "eve").grades:
            grade.needs_manual_grade, grade.auto_score = True, None
        gradebook.db.commit()
    browser = Browser(made_up.desk())

    assert "highlight hl-ipython3" in browser.get("/q/2").text
    browser.post(adjustment="1.5")
    page = browser.get("/q/3").text
    assert page.index("Build it.") < page.index("My way.") < page.index("built")
    browser.post(adjustment="4", comment="Runs.")
    with open_gradebook(made_up.desk().course) as gradebook:
        held = gradebook.find_submission_notebook(*place, "eve")
        points = {grade.name: grade.manual_score for grade in held.grades if grade.manual_score is not None}
        assert points == {"draw": 1.5, "build": 4.0}
        assert {one.name: one.manual_comment for one in held.comments}["build"] == "Runs."
