"""When work was handed in, read off `timestamp.txt`, in every form that nbgrader and learning-management systems write.

nbgrader's own reader takes `+08` for eight seconds and zones it does not know for UTC. Here a time is clear, or it is
asked about.
"""

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from autograder.course.errors import CourseError

TIMESTAMP = "timestamp.txt"
MOST_BYTES = 100
"""What a time stamp may have; no writer of one needs half of it."""

_LARGEST_OFFSET = timedelta(hours=14)
_OFFSET = r"[+\-\u2212]\d{1,2}(?::?\d{2}(?::?\d{2})?)?"
_CLOCK = re.compile(
    rf"(?<![\d:])(?P<clock>\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d{{1,9}})?)?)(?:\s*(?P<half>[AaPp])\.?[Mm](?![A-Za-z])\.?)?"
    rf"(?:\s*(?P<zone>(?:UTC|GMT)?\s?{_OFFSET}|[A-Za-z][A-Za-z_]*(?:/[A-Za-z0-9_+\-]+)*))?(?![\d:+\-])"
)
_ISO_DAY = "%Y-%m-%d"
_DAYS = (_ISO_DAY, "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y")
"""Days of which nobody can take the month for the day."""
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b[, ]*", re.IGNORECASE)


class UnclearTime(CourseError):
    """A time stamp names no clear moment; the message says so without quoting it, and what to do."""


def handed_in_at(folder: Path, zone_name: str = "") -> datetime | None:
    """Return when a submission was handed in.

    Args:
        folder: The submitted folder.
        zone_name: The zone of the course's exchange, which tells whose `CST` it is; see `exchange_zone`.

    Returns:
        A time in UTC, or None where no time came with it.

    Raises:
        UnclearTime: There is a time stamp, but it names no clear moment.
    """
    text = stamp_text(folder)
    return moment(text, zone_name) if text else None


def nbgrader_time(folder: Path, zone_name: str = "") -> datetime | None:
    """Return the same as nbgrader's gradebook keeps it: in UTC, without saying so.

    Args:
        folder: The submitted folder.
        zone_name: See `handed_in_at`.

    Raises:
        UnclearTime: There is a time stamp, but it names no clear moment.
    """
    found = handed_in_at(folder, zone_name)
    return found.replace(tzinfo=None) if found else None


def exchange_zone(config: Any) -> str:
    """Return the time zone that nbgrader's exchange writes time stamps in.

    Args:
        config: The course's configuration.
    """
    return str(config.get("Exchange", {}).get("timezone", "UTC"))


def stamp_text(folder: Path) -> str:
    """Return the text of a submission's time stamp, empty where there is none.

    Args:
        folder: The submitted folder.

    Raises:
        UnclearTime: It is no plain file of at most 100 bytes, or cannot be read. Nothing in it is said to anybody: a
            student's link may point to anything this user can read.
    """
    path = folder / TIMESTAMP
    try:
        # Without waiting: a named pipe would hold the class up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unclear("is a link, or cannot be read") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unclear("is no plain file")
        content = os.read(descriptor, MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        raise _unclear(f"has more than {MOST_BYTES} bytes")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _unclear("is no text in UTF-8") from error


def moment(text: str, zone_name: str = "") -> datetime:
    """Read a time.

    A day and a clock without any zone, as `nbgrader zip_collect` writes them, are in UTC, as it means them. Every other
    form needs a zone: an offset, UTC, the name of a place, or an abbreviation that only one offset has.

    Args:
        text: The time.
        zone_name: A zone whose own abbreviations are known, whoever else uses them.

    Returns:
        A time in UTC.

    Raises:
        UnclearTime: It is no time, or not clear in which zone.
    """
    if len(text) > MOST_BYTES:
        raise _unclear(f"has more than {MOST_BYTES} bytes")
    clock = list(_CLOCK.finditer(text.strip().replace("T", " ", 1) if text[8:11].count("T") else text.strip()))
    if len(clock) != 1:
        raise _unclear("is no time of a form that is known")
    found = clock[0]
    day_text = f"{found.string[: found.start()]} {found.string[found.end() :]}"
    day = _day(day_text)
    if day is None:
        raise _unclear("names no day of a form that is known")
    local = _with_clock(day, found["clock"], found["half"])
    if not found["zone"]:
        if re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}\s*", day_text) and not found["half"]:
            return local.replace(tzinfo=UTC)
        raise _unclear("names no time zone")
    return _in_zone(local, found["zone"].strip(), zone_name)


def _day(text: str) -> datetime | None:
    words = _WEEKDAY.sub("", " ".join(text.replace(",", " ").split()))
    for form in _DAYS:
        try:
            return datetime.strptime(words, form)  # noqa: DTZ007 - a day, its zone follows
        except ValueError:
            continue
    return None


def _with_clock(day: datetime, clock: str, half: str | None) -> datetime:
    whole, _, fraction = clock.replace(",", ".").partition(".")
    hour, minute, second = [*map(int, whole.split(":")), 0][:3]
    if half and not 1 <= hour <= 12:
        raise _unclear("names an hour that no clock of twelve hours has")
    if half:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        return day.replace(hour=hour, minute=minute, second=second, microsecond=int(f"{fraction:0<6}"[:6]))
    except ValueError as error:
        raise _unclear("names an hour that no clock has") from error


def _in_zone(local: datetime, zone: str, zone_name: str) -> datetime:
    try:
        moments = {moment.astimezone(UTC) for moment in _readings(local, zone, zone_name)}
    except OverflowError:
        moments = set()
    if not moments:
        raise _unclear("names a time zone that is not known")
    if len(moments) > 1:
        listed = f"'{zone}'" if zone in _abbreviations() else "its zone"
        raise _unclear(
            f"is not clear, because {listed} stands for several times",
            "; if it is the exchange's zone, name that in nbgrader_config.py (c.Exchange.timezone)",
        )
    return moments.pop()


def _readings(local: datetime, zone: str, zone_name: str) -> Iterator[datetime]:
    offset = re.fullmatch(rf"(?:(?:UTC|GMT)\s?)?({_OFFSET})", zone)
    if offset:
        yield from (local.replace(tzinfo=fixed) for fixed in _fixed(offset[1]))
    elif zone.upper() in ("UTC", "GMT", "Z"):
        yield local.replace(tzinfo=UTC)
    elif "/" in zone and zone in available_timezones():
        yield from _in_place(local, ZoneInfo(zone))
    else:
        place = ZoneInfo(zone_name) if zone_name in available_timezones() else None
        own = [one for one in _in_place(local, place) if one.tzname() == zone] if place else []
        yield from own or (local.replace(tzinfo=timezone(one)) for one in _abbreviations().get(zone, ()))


def _in_place(local: datetime, place: tzinfo) -> Iterator[datetime]:
    """Both readings of an hour that a clock shows twice, or never, when summer time ends or begins."""
    yield local.replace(tzinfo=place)
    yield local.replace(tzinfo=place, fold=1)


def _fixed(text: str) -> Iterator[timezone]:
    digits = re.sub(r"\D", "", text)
    digits = digits if len(digits) % 2 == 0 else f"0{digits}"
    hours, minutes, seconds = [*(int(digits[at : at + 2]) for at in range(0, len(digits), 2)), 0, 0][:3]
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes < 60 and seconds < 60 and offset <= _LARGEST_OFFSET:
        yield timezone(offset if text[0] == "+" else -offset)


@lru_cache(maxsize=1)
def _abbreviations() -> dict[str, frozenset[timedelta]]:
    """All abbreviations that places of the world use in these years, with their offsets: `CST` has three."""
    found: dict[str, set[timedelta]] = {}
    for place in map(ZoneInfo, available_timezones()):
        for month in (1, 7):
            for year in (2024, 2026):
                day = datetime(year, month, 15, tzinfo=place)
                found.setdefault(day.tzname() or "", set()).add(day.utcoffset() or timedelta())
    return {name: frozenset(offsets) for name, offsets in found.items() if name.isalpha()}


def _unclear(what: str, also: str = "") -> UnclearTime:
    return UnclearTime(
        f"its {TIMESTAMP} {what}; write the time like 2026-12-01 18:00:00 +0100, or remove the file{also}."
    )
