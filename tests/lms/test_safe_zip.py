"""Archives that must not be unpacked, each refused in one sentence."""

import io
import stat
import zipfile

import pytest
from lms_writers import zipped

from autograder.lms.errors import LmsError
from autograder.lms.safe_zip import Budget, ZipLimits, open_zip


def special(name, kind):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return stream.getvalue()


def encrypted():
    data = bytearray(zipped({"a.ipynb": b"x"}))
    directory = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "hw.zip is no zip archive that can be read"),
        (b"PK\x03\x04 nothing more", "hw.zip is no zip archive that can be read"),
        (zipped({"a": b"x"})[:-30], "hw.zip is no zip archive that can be read"),
        (zipped({"../a": b"x"}), r"holds the name '\.\./a', which leads out of its folder"),
        (zipped({"a/../../b": b"x"}), "which leads out of its folder"),
        (zipped({"/etc/passwd": b"x"}), "holds the name '/etc/passwd', which leads out"),
        (zipped({"C:/x": b"x"}), "holds the name 'C:/x', which leads out"),
        (zipped({"a\\..\\b": b"x"}), "which leads out of its folder or is no plain name"),
        (zipped({"a\nb": b"x"}), "is no plain name"),
        (special("link", stat.S_IFLNK), "holds 'link', which is a link or a device, not a file"),
        (special("pipe", stat.S_IFIFO), "holds 'pipe', which is a link or a device"),
        (encrypted(), "is encrypted at 'a.ipynb'"),
        (zipped({"a": bytes(3 * 2**20)}), "holds 'a', which would unpack to 3 MiB, more than the 2 MiB"),
        (zipped({f"{number}": b"" for number in range(9)}), "holds 9 entries, more than the 8"),
        (zipped({f"{number}": bytes(2**20) for number in range(5)}), "would unpack to 5 MiB, more than the 4 MiB"),
    ],
)
def test_hostile_archives_are_refused(content, sentence):
    limits = ZipLimits(entries=8, file_mib=2, total_mib=4)
    with pytest.raises(LmsError, match=sentence), open_zip(content, "hw.zip", limits):
        pass


def test_a_bomb_is_refused_by_its_ratio():
    content = zipped({"a": bytes(40 * 2**20), "b": bytes(40 * 2**20)})
    sentence = r"would unpack to 40 MiB, [\d,]+ times its size: it looks made to fill the disk"
    with pytest.raises(LmsError, match=sentence), open_zip(content, "hw.zip"):
        pass


def test_two_entries_of_one_name_are_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", "2")
    with pytest.raises(LmsError, match=r"hw.zip holds 'a' twice"), open_zip(stream.getvalue(), "hw.zip"):
        pass


def test_damaged_content_is_said_when_it_is_read():
    data = zipped({"a": b"some text that is stored here " * 9})
    broken = data[:45] + bytes([data[45] ^ 0xFF]) + data[46:]
    with open_zip(broken, "hw.zip") as archive, pytest.raises(LmsError, match=r"hw.zip is damaged at 'a'"):
        archive.read("a")


def test_a_size_that_lies_brings_no_more_than_it_says():
    data = bytearray(zipped({"a": b"0" * 5_000}))
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with open_zip(bytes(data), "hw.zip") as archive, pytest.raises(LmsError, match="damaged"):
        archive.read("a")


def test_what_operating_systems_leave_behind_is_no_file():
    with open_zip(zipped({"a": b"1", "__MACOSX/._a": b"2", "b/.DS_Store": b"3"}), "hw.zip") as archive:
        assert list(archive.files) == ["a"]
        assert archive.read("a") == b"1"


def test_what_is_wrong_with_one_file_leaves_the_others():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("ok", "../out", "a/" * 30 + "deep", "n" * 300, "./x", "x", "ümlaut"):
            archive.writestr(name, "1")
        archive.writestr("packed", "22")
    data = stream.getvalue().replace("ümlaut".encode(), b"\xffmlautx")  # says that it is UTF-8, and is not
    place = data.rindex(b"PK\x01\x02")
    data = data[: place + 10] + b"\x62\x00" + data[place + 12 :]  # no way of packing that anybody knows
    with open_zip(data, "hw.zip", refuse_troubles=False) as archive:
        assert archive.read("ok") == b"1"
        assert "x" not in archive.files, "./x is x"
        assert sorted(archive.troubles) == sorted(["../out", "a/" * 30 + "deep", "n" * 300, "x", "packed"])
        assert "cannot be read" in archive.troubles["packed"]
        assert len(archive.files) == 2, "a name that is not UTF-8 is read some way or other"


@pytest.mark.parametrize("name", ["./timestamp.txt", "a/./b", "a//b", ".//./a"])
def test_names_are_read_in_one_spelling(name):
    with open_zip(zipped({name: b"1"}), "hw.zip") as archive:
        assert list(archive.files) == ["/".join(part for part in name.split("/") if part not in ("", "."))]


def test_what_one_person_hands_in_is_bounded_altogether():
    budget = Budget(ZipLimits(entries=3, total_mib=1))
    budget.take(2**19)
    with pytest.raises(LmsError, match="more than the 1 MiB that are read of one person"):
        budget.take(2**19 + 1)
