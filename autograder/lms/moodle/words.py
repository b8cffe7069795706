"""What Moodle writes in the language of whoever downloads: states, yes and no, and dates.

The words are those of Moodle's language packs. A word that is not here makes a row wait for a person, nothing worse.
"""

import re
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

ENGLISH_ADVICE = "set your language in Moodle to English (user menu, Language) and download it again"


class SubmissionStatus(StrEnum):
    """Whether there is work to be graded."""

    SUBMITTED = "submitted"
    DRAFT = "draft"
    NONE = "none"
    UNKNOWN = "unknown"


_STATUS = {
    SubmissionStatus.SUBMITTED: (
        "Submitted for grading", "Zur Bewertung abgegeben", "Remis pour évaluation", "Enviado para calificar",
        "Consegnato per la valutazione", "Submetido para avaliação", "Opdracht ingestuurd",
        "評定のため送信済み", "評定のため提出", "Kalifikatzeko bidalia", "مسلمة للتقييم",
    ),
    SubmissionStatus.DRAFT: (
        "Draft", "Reopened", "Entwurf", "Erneut geöffnet", "Brouillon", "Rouvert", "Borrador", "Reabierto", "Bozza",
        "Riaperto", "Trabalho em curso", "Rascunho", "Reaberta", "Kladwerk", "Heropend", "下書き", "再オープン", "草稿",
        "Juodraštis", "Zirriborroa", "مسودة",
    ),
    SubmissionStatus.NONE: (
        "No submission", "New submission", "Keine Abgabe", "Neue Abgabe", "Pas de travail remis", "Aucun travail remis",
        "Nouveau travail remis", "Sin entrega", "No entregado", "Nessuna consegna", "Nuova consegna",
        "Nenhuma submissão", "Nova submissão", "Geen ingestuurde opdracht", "Geen inzending", "提出なし", "新しい提出",
        "尚未繳交", "لا تسليم",
    ),
}  # fmt: skip
_NO = frozenset("no nein non não nao nee いいえ 否 нет ez لا".split())  # noqa: SIM905 - reads better as words
# Each month's beginning in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTHS = (
    ("jan", "jän", "ene", "gen"), ("feb", "fév", "fev"), ("mar", "mär", "maa", "mrt"), ("apr", "avr", "abr"),
    ("may", "mai", "mei", "mag"), ("jun", "juin", "giu"), ("jul", "juil", "lug"), ("aug", "aoû", "ago"),
    ("sep", "set"), ("oct", "okt", "ott", "out"), ("nov",), ("dec", "dez", "déc", "dic"),
)  # fmt: skip
_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})(?:\s*([AaPp])\.?\s?[Mm])?")


def status_of(text: str) -> SubmissionStatus:
    """Read a cell of the column Status, whose trailing fragments differ between versions.

    Args:
        text: The cell.
    """
    for status, words in _STATUS.items():
        if text.strip().casefold().startswith(tuple(word.casefold() for word in words)):
            return status
    return SubmissionStatus.UNKNOWN


def is_no(text: str) -> bool:
    """Tell whether a cell says no.

    Args:
        text: A cell of the column "Grade can be changed".
    """
    return text.strip().casefold() in _NO


def read_time(text: str, zone: tzinfo | None) -> datetime | None:
    """Read a date as Moodle writes it, such as `Saturday, 21 November 2026, 7:00 PM`.

    Args:
        text: The cell.
        zone: The time zone of whoever downloaded it; None for this machine's.

    Returns:
        The time in UTC, to the minute, or None if the text is no date or its language is not known.
    """
    clock = _CLOCK.search(text)
    rest = text.replace(clock[0], " ") if clock else text
    year = re.search(r"(?<!\d)(\d{4})(?!\d)", rest)
    if clock is None or year is None:
        return None
    rest = rest.replace(year[0], " ", 1)
    month = re.search(r"(\d{1,2})\s*月", rest)
    number = int(month[1]) if month else _month(rest)
    day = re.search(r"(?<!\d)(\d{1,2})(?!\d)", rest.replace(month[0], " ") if month else rest)
    if day is None or not number:
        return None
    hour = int(clock[1])
    if clock[3]:
        hour = hour % 12 + (12 if clock[3] in "pP" else 0)
    try:
        local = datetime(int(year[1]), number, int(day[1]), hour, int(clock[2]), tzinfo=zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _month(text: str) -> int:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    # the weekday stands first, and may begin like a month (Marta, Mardi, März)
    for word in reversed(words):
        for number, beginnings in enumerate(_MONTHS, start=1):
            if len(word) >= 3 and word.startswith(beginnings):
                return number
    return 0
