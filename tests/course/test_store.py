"""The verdict store keeps what is finished, whatever happens."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from autograder.grading.store import DamagedRecord, Pointer, Record, VerdictStore
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict

KEY, OTHER = "a" * 64, "b" * 64


def record(key=KEY, points=1.0, notebook=b"{}"):
    check = CheckResult("it_holds", "It holds.", Outcome.PASS, points, 2.0)
    return Record(Verdict("doubling", (CellVerdict("check_double", (check,)),), key=key), notebook)


def pointer(key=KEY, student="ada"):
    return Pointer("homework", student, "doubling", key, "0" * 64, "2025-01-01", "2025-01-02")


@pytest.fixture
def store(tmp_path):
    return VerdictStore(tmp_path / "state")


def test_a_record_comes_back_as_it_was_put(store):
    assert store.get(KEY) is None
    store.put(KEY, record(notebook="ünï".encode()))
    assert store.get(KEY) == record(notebook="ünï".encode())
    assert store.get(OTHER) is None


def test_the_first_record_of_a_key_stays_unless_it_is_to_be_replaced(store):
    store.put(KEY, record(points=1.0))
    assert store.put(KEY, record(points=2.0)).verdict.points == 1.0
    assert store.get(KEY).verdict.points == 1.0
    store.put(KEY, record(points=2.0), replace=True)
    assert store.get(KEY).verdict.points == 2.0


def test_a_verdict_that_carries_another_key_is_refused(store):
    with pytest.raises(ValueError, match="must carry its own key aaaa"):
        store.put(KEY, record(key=OTHER))


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_key_is_never_a_path(store, key):
    with pytest.raises(ValueError, match="a key is 64 hexadecimal digits"):
        store.get(key)


def damage(store, change):
    store.put(KEY, record())
    (path,) = store.root.rglob("*.gz")
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        lambda content: b"autograder verdict 1 " + b"0" * 64 + b"\n" + content.partition(b"\n")[2],
        lambda content: b"something else entirely",
    ],
    ids=["emptied", "cut off", "one bit", "other digest", "other content"],
)
def test_a_damaged_record_counts_as_absent_and_can_be_put_again(store, change):
    damage(store, change)
    with pytest.warns(DamagedRecord, match="is damaged .*; the work is graded again"):
        assert store.get(KEY) is None
    with pytest.warns(DamagedRecord):
        store.put(KEY, record(points=2.0))
    assert store.get(KEY).verdict.points == 2.0


def test_a_record_moved_to_another_key_is_not_believed(store):
    store.put(KEY, record())
    (path,) = store.root.rglob("*.gz")
    moved = path.parent.parent / "bb" / f"{OTHER}.gz"
    moved.parent.mkdir()
    path.rename(moved)
    with pytest.warns(DamagedRecord, match="it holds the verdict of key aaaaaaaaaaaa"):
        assert store.get(OTHER) is None


@pytest.mark.parametrize("student", ["ada", "..", "a/b", "ü ß", "%2E%2E", ".hidden", "a" * 60])
def test_any_student_id_has_a_pointer_of_its_own_inside_the_store(store, student):
    store.put(KEY, record())
    store.point(pointer(student=student))
    assert store.pointer("homework", student, "doubling") == pointer(student=student)
    assert store.verdict("homework", student, "doubling") == record().verdict
    assert list(store.pointers("homework")) == [pointer(student=student)]
    everything = {path.parent for path in store.root.parent.rglob("*.json")}
    assert all(path.is_relative_to(store.root / "graded" / "homework") for path in everything)


def test_a_damaged_pointer_counts_as_absent(store):
    store.point(pointer())
    (path,) = store.root.rglob("*.json")
    for content in ("", "[]", "{}", '{"format": 9}', '{"format": 1, "key": 3}'):
        path.write_text(content)
        with pytest.warns(DamagedRecord, match="is damaged"):
            assert store.pointer("homework", "ada", "doubling") is None


def test_a_pointer_copied_to_another_student_is_not_believed(store):
    store.point(pointer())
    (path,) = store.root.rglob("*.json")
    other = path.parent.parent / "ben"
    other.mkdir()
    (other / path.name).write_bytes(path.read_bytes())
    assert store.pointer("homework", "ben", "doubling") is None


def test_only_the_owner_can_read_the_store(store):
    store.put(KEY, record())
    store.point(pointer())
    assert store.root.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in store.root.rglob("*") if path.is_file())


WRITER = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from test_store import *
store = VerdictStore(Path({root!r}))
print("ready", flush=True)
number = 0
while True:
    key = f"{{number % 5:064x}}"
    store.put(key, record(key=key, points=number % 3, notebook=b"x" * 100_000), replace=True)
    store.point(pointer(key=key))
    number += 1
"""


def test_killed_anywhere_the_store_holds_whole_files_only(store, tmp_path):
    script = WRITER.format(here=os.path.dirname(__file__), root=str(store.root))
    draw = random.Random(5)
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=os.getcwd())
        assert process.stdout.readline() == b"ready\n"
        time.sleep(draw.uniform(0.02, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for path in store.root.glob("verdicts/*/*.gz"):
            key = path.stem
            assert store.get(key).verdict.key == key
        found = store.pointer("homework", "ada", "doubling")
        assert found is None or store.get(found.key) is not None


def test_answers_are_kept_and_may_be_thrown_away(store):
    assert store.answers(KEY) == b""
    store.put_answers(KEY, b"answers")
    assert store.answers(KEY) == b"answers"
    with pytest.raises(ValueError, match="a key is 64 hexadecimal digits"):
        store.answers("../../etc/passwd")


def test_what_killed_writers_left_is_swept(store):
    store.put(KEY, record())
    folder = store.root / "verdicts" / KEY[:2]
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    (folder / f".{KEY}.gz.{finished.pid}.00000000.tmp").write_bytes(b"half")
    (folder / f".{KEY}.gz.{os.getpid()}.00000000.tmp").write_bytes(b"being written")
    assert store.sweep() == 1
    assert [path.name for path in folder.iterdir() if path.name.endswith(".tmp")] == [
        f".{KEY}.gz.{os.getpid()}.00000000.tmp"
    ]
    assert store.get(KEY) == record()
