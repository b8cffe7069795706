"""Pushing by LTI 1.3: signed assertions, whole seconds, query strings, and no grade ever wiped."""

import json
import time

import pytest
import sample_course

from autograder.gradebook.access import open_gradebook
from autograder.lms.lti.push import below
from autograder.lms.lti.settings import read_settings
from autograder.lms.push.errors import PlatformRefused
from tests.lms.push.fake_lti import CLIENT, KID, FakeLti

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def site():
    with FakeLti() as site:
        yield site


@pytest.fixture
def settings(site, tmp_path):
    """Writes lti.toml, with changes."""

    def write(**changes):
        key = tmp_path / "key.pem"
        key.write_bytes(site.private_pem)
        key.chmod(0o600)
        known = {"token_url": f"{site.url}/token.php", "client_id": CLIENT, "key_file": "key.pem", "key_id": KID}
        addresses = {"line_item_url": site.line_item, "memberships_url": site.memberships}
        values = {name: value for name, value in (known | addresses | changes).items() if value is not None}
        path = tmp_path / "lti.toml"
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
        return path

    return write


def test_scores_are_rescaled_by_the_platform_and_comments_go_along(with_pages, site, settings, command):
    status, said = command("lti", HOMEWORK, settings())

    assert status == 0, said
    scores = {user: result["resultScore"] for user, (_, result) in site.results.items()}
    assert scores == {"21": pytest.approx(94.44444), "22": pytest.approx(61.11111), "23": pytest.approx(94.44444)}
    assert {post["gradingProgress"] for post in site.posts} == {"FullyGraded"}
    assert site.posts[0]["comment"].startswith("8.5 of 9 points.")
    assert "https://canvas.instructure.com/lti/submission" not in site.posts[0]


def test_canvas_is_told_that_a_score_is_no_new_submission(graded, site, settings, command):
    command("lti", HOMEWORK, settings(canvas=True))

    assert site.posts[0]["https://canvas.instructure.com/lti/submission"] == {"new_submission": False}


def test_a_second_run_posts_nothing_and_a_correction_waits_for_a_new_second(graded, site, settings, command):
    path = settings()
    command("lti", HOMEWORK, path)
    assert "3 already there" in command("lti", HOMEWORK, path)[1]
    with open_gradebook(graded) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "ada").manual_score = 0
        gradebook.db.commit()

    assert command("lti", HOMEWORK, path)[0] == 0
    assert [post["userId"] for post in site.posts][3:] == ["21"]
    assert site.results["21"][1]["resultScore"] == pytest.approx(100 * 6 / 9, abs=1e-4)


def test_a_time_in_the_future_locks_the_column_and_is_said(graded, site, settings, command):
    site.results["22"] = (int(time.time()) + 3_600, {"userId": "22", "resultScore": 1.0, "resultMaximum": 100})
    status, said = command("lti", HOMEWORK, settings(), "--overwrite")

    assert status == 1
    assert "holds a score with a later time than now" in said
    assert [post["userId"] for post in site.posts] == ["21", "23"]
    assert all(int(post["timestamp"][17:19]) == float(post["timestamp"][17:23]) for post in site.posts)


def test_a_score_that_is_there_already_counts_as_sent(graded, site, settings, command):
    site.at_writes = {1: "no answer"}  # carried out, but the platform's answer was lost; asked again, it says 409
    status, said = command("lti", HOMEWORK, settings())

    assert status == 0, said
    assert len(site.posts) == 3


def test_what_is_not_final_is_left_alone(graded, site, settings, command):
    with open_gradebook(graded) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "ada").needs_manual_grade = True
        gradebook.db.commit()

    assert command("lti", HOMEWORK, settings())[0] == 1
    assert "21" not in site.results


def test_teachers_are_nobody_to_send_to(graded, site, settings, command):
    sample_course.hand_in(graded.root, "dee")
    site.members.append(site.members.pop(0) | {"roles": ["Instructor"]})
    status, said = command("lti", HOMEWORK, settings())

    assert status == 1
    assert "nobody on the LMS has this id" in said
    assert len(site.posts) == 2


def test_a_column_is_made_once_and_found_by_its_tag(graded, site, settings, command):
    path = settings(line_item_url=None, line_items_url=site.line_items, label="Homework one")
    command("lti", HOMEWORK, path)
    command("lti", HOMEWORK, path)

    [item] = site.items
    assert (item["tag"], item["label"]) == (HOMEWORK, "Homework one")
    assert len(site.posts) == 3


def test_addresses_come_from_a_launch(site, settings, tmp_path):
    claims = {
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"lineitem": "https://p/1?type_id=1"},
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {"context_memberships_url": "https://p/m"},
    }
    (tmp_path / "launch.json").write_text(json.dumps(claims))
    found = read_settings(settings(line_item_url=None, memberships_url=None, launch_file="launch.json"))

    assert (found.line_item_url, found.memberships_url) == ("https://p/1?type_id=1", "https://p/m")


def test_a_token_is_renewed_before_it_runs_out(graded, site, settings, command):
    site.token_seconds = 30

    assert command("lti", HOMEWORK, settings())[0] == 0
    assert len(site.tokens) > 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": None}, "lacks client_id; see docs/lms-lti.md"),
        ({"line_item_url": None}, "lacks line_item_url (or line_items_url)"),
        ({"key_file": "none.pem"}, "The secret in"),
        ({"audience": "https://elsewhere"}, "gives no access token"),
        ({"key_id": "another"}, "gives no access token"),
    ],
)
def test_wrong_settings_are_one_sentence(graded, site, settings, command, changes, said):
    status, printed = command("lti", HOMEWORK, settings(**changes))

    assert status == 2
    assert said in printed
    assert "BEGIN PRIVATE KEY" not in printed
    assert site.posts == []


def test_a_key_that_others_can_read_is_refused(settings, tmp_path):
    path = settings()
    (tmp_path / "key.pem").chmod(0o640)

    with pytest.raises(PlatformRefused, match=r"open to others \(mode 640\): chmod 600"):
        read_settings(path)


def test_a_query_string_stays_behind_the_path():
    assert below("https://p/2/lineitem?type_id=1", "scores") == "https://p/2/lineitem/scores?type_id=1"
    assert below("https://p/2/lineitem", "results") == "https://p/2/lineitem/results"


def test_moodles_addresses_need_no_launch(site, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(site.private_pem)
    key.chmod(0o600)
    known = {"moodle": "https://m.x.org/", "course_id": 2, "deployment_id": 1, "client_id": "c", "key_file": "key.pem"}
    path = tmp_path / "lti.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in known.items()))
    found = read_settings(path)
    assert found.token_url == "https://m.x.org/mod/lti/token.php"
    assert found.line_items_url == "https://m.x.org/mod/lti/services.php/2/lineitems?type_id=1"
    assert found.memberships_url == "https://m.x.org/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
    assert found.key_id


def test_a_tool_for_grade_sync_only_is_told_what_to_do(graded, site, settings, command):
    site.is_for_sync_only = True
    status, said = command("lti", HOMEWORK, settings(line_item_url=None, line_items_url=site.line_items))
    assert status == 2
    assert 'the tool is for "grade sync only", which may not list or make columns: name line_item_url' in said
