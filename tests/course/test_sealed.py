"""Students' bytes are read under a clock, in a process that holds nothing."""

import json
import time

import pytest

from autograder.course import reading_room
from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import without_hidden_region
from autograder.course.sealed import CouldNotRead, SealedReader, read_submitted
from autograder.gradebook.pages import page_problem, self_contained


def spins(content, buffers):
    while True:
        pass


def fills_memory(content, buffers):
    return {}, [bytes(2**36)]


def dies(content, buffers):
    import os

    os._exit(3)


def looks_around(content, buffers):
    import os
    import socket
    from pathlib import Path

    seen = {name: Path(name).exists() for name in content["paths"]}
    try:
        socket.create_connection(("127.0.0.1", content["port"]), timeout=1)
        reached = True
    except OSError:
        reached = False
    return {"seen": seen, "uid": os.getuid(), "reached": reached}, []


@pytest.fixture
def reader(monkeypatch):
    found = SealedReader(slots=2, cpu_seconds=0.5)
    monkeypatch.setattr("autograder.course.sealed._settings", _with_odd_operations())
    yield found
    found.close()


def _with_odd_operations():
    import dataclasses
    from pathlib import Path

    from autograder.course import sealed

    plain = sealed._settings

    def settings(isolation, slots):
        made = plain(isolation, slots)
        here = Path(__file__)
        return dataclasses.replace(
            made, entry="test_sealed:main", readable=(*made.readable, here), pythonpath=(*made.pythonpath, here.parent),
            preload=(*made.preload, "pytest"),
        )  # fmt: skip

    return settings


def main(request, descriptors):
    """The entry of the readers in these tests: the real one, with operations that go wrong."""
    for function in (spins, fills_memory, dies, looks_around):
        reading_room.OPERATIONS[function.__name__] = function
    reading_room.main(request, descriptors)


def test_what_takes_too_long_is_stopped_and_the_next_one_is_read(reader):
    begun = time.monotonic()
    with pytest.raises(CouldNotRead, match=r"more than 0\.5 processor seconds"):
        reader.ask({"do": "spins"}, [])
    assert time.monotonic() - begun < 60
    assert reader.ask({"do": "notebook"}, [b'{"nbformat": 4, "cells": []}'])[1]


@pytest.mark.parametrize("how", ["fills_memory", "dies"])
def test_a_reader_that_ends_costs_one_question(reader, how):
    with pytest.raises(CouldNotRead, match="memory"):
        reader.ask({"do": how}, [])
    assert reader.ask({"do": "notebook"}, [b'{"nbformat": 4, "cells": []}'])[1]


def test_a_reader_sees_no_course_and_no_network(reader, project_root):
    paths = [str(project_root / name) for name in ("source", "nbgrader_config.py", "autograder/checks", "tests/golden")]
    seen, _ = reader.ask({"do": "looks_around", "paths": paths, "port": 9}, [])
    assert not any(seen["seen"].values())
    assert seen["uid"] != 0
    assert not seen["reached"]


def test_a_reader_that_was_killed_is_followed_by_another(reader):
    reader.ask({"do": "notebook"}, [b'{"nbformat": 4, "cells": []}'])
    reader._free[0].child.kill()
    reader._free[0].child.wait(5)
    assert reader.ask({"do": "notebook"}, [b'{"nbformat": 4, "cells": []}'])[1]


def test_what_is_no_notebook_is_said_in_the_same_words():
    with pytest.raises(UnusableNotebook, match="not valid JSON"):
        read_submitted(b"{")
    cell = {"cell_type": "code", "source": "x = 1", "metadata": {}}
    (read,) = read_submitted(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [cell]}).encode()).cells
    assert (read.cell_type, read.source) == ("code", "x = 1")


# What runs outside the seal goes forward once: four times the text takes no more than about four times as long.
LINEAR = {
    "regions begun": (without_hidden_region, "BEGIN HIDDEN TESTS "),
    "regions ended": (without_hidden_region, "END HIDDEN TESTS BEGIN HIDDEN TESTS\n"),
    "regions on one line": (without_hidden_region, "x BEGIN HIDDEN TESTS END HIDDEN TESTS "),
    "tags begun": (self_contained, "<script "),
    "scripts": (self_contained, "<script></script "),
    "styles": (self_contained, "<style>@font-face{"),
    "imports": (self_contained, "<style>@import "),
    "pictures": (self_contained, '<img src="a" alt=\''),
    "forms": (self_contained, "<form><form </form "),
    "heads": (self_contained, "<head "),
    "scores": (page_problem, "<h4>(Score: 1 "),
    "numbers": (page_problem, "<h4>(Score: 1111"),
}


@pytest.mark.parametrize("name", LINEAR)
def test_time_grows_with_the_text_and_not_with_its_square(name, tmp_path):
    function, piece = LINEAR[name]
    more = {self_contained: (tmp_path,), page_problem: (1.0,)}.get(function, ())

    def seconds(times):
        text = piece * times
        begun = time.process_time()
        function(text, *more)
        return time.process_time() - begun

    small = max(min(seconds(4_000) for _ in range(3)), 0.002)
    assert min(seconds(16_000) for _ in range(3)) < 9 * small
