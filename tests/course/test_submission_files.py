"""What lies beside a notebook is read and copied within limits, and odd names or files are one sentence."""

import os

import pytest

from autograder.course.submission import MAX_DEPTH, MAX_ENTRIES, MAX_FILES, entries_not_copied, plain_files


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submitted"
    made.mkdir()
    (made / "own.csv").write_bytes(b"1,2\n")
    return made


def kept_and_notes(folder):
    notes = []
    kept = [name for name, _ in plain_files(folder, ("*.ipynb",), notes)]
    return kept, notes


def sparse(folder):
    with (folder / "sparse.bin").open("wb") as stream:
        stream.truncate(3 * 2**30)


def many(folder):
    for number in range(MAX_FILES + 5):
        (folder / f"z{number:03}").touch()


def crowd(folder):
    for number in range(MAX_ENTRIES + 5):
        (folder / f"z{number:05}.ipynb").touch()


def folders_only(folder):
    for number in range(MAX_ENTRIES + 5):
        (folder / f"z{number:05}").mkdir()


def deep(folder):
    place = folder
    for _ in range(MAX_DEPTH + 200):
        place /= "d"
        place.mkdir()
    (place / "bottom").touch()


def long_path(folder):
    place = folder / "/".join(["n" * 200] * 6)
    place.mkdir(parents=True)
    (place / "file").touch()


def not_text(folder):
    with open(os.fsencode(folder) + b"/caf\xe9.txt", "wb"):
        pass


def link(folder):
    (folder / "link").symlink_to(folder.parent / "secret")


def pipe(folder):
    os.mkfifo(folder / "pipe")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (sparse, "'sparse.bin' was left out: at most 200 files of 64 MiB together"),
        (many, "at most 200 files"),
        (crowd, "At most 5,000 entries"),
        (folders_only, "At most 5,000 entries"),
        (deep, ""),
        (long_path, "its path is too long or too deep"),
        (not_text, "its name is not UTF-8"),
        (link, "'link' was left out: it is a link"),
        (pipe, "'pipe' was left out: it is a link or a device"),
    ],
)
def test_what_is_odd_is_left_out_with_a_sentence_and_the_rest_is_kept(folder, make, sentence):
    make(folder)
    kept, notes = kept_and_notes(folder)
    assert "own.csv" in kept
    assert any(sentence in note for note in notes) or not sentence
    assert all(len(note) < 300 for note in notes)
    assert len(kept) <= MAX_FILES


def test_an_unreadable_file_is_named(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    kept, notes = kept_and_notes(folder)
    assert kept == []
    assert notes == ["'own.csv' was left out: it may not be read; check its permissions."]


def test_what_is_not_read_is_not_copied_either(folder):
    link(folder)
    sparse(folder)
    found = {str(path) for path in entries_not_copied(folder, ("feedback",))}
    assert found == {"link", "sparse.bin"}
