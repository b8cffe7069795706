"""What the figure of the strategies is held against: the table that the notebook has."""

import re
from collections.abc import Mapping, Sequence

from autograder.judge.figure_claims import refuse_nothing, what_points
from autograder.judge.figure_data import Best, Match, Pairs, Unit, conclude, judge_match, plots_of
from autograder.judge.figure_names import Named
from autograder.judge.figure_words import speaks_of_accuracy, speaks_of_time
from autograder.judge.figures import Axes, read_figures
from autograder.judge.submission import Submission

SECONDS = (Unit(1.0, 0.0501), Unit(1 / 60, 0.0051), Unit(1_000.0, 0.51))
_FRACTION_WORDS = {
    0.0: (
        r"\b((?<!by )none|no layers?|nothing|zero|head only|only the head|frozen|nur (der )?kopf|nichts|keine?|null"
        r"|nada|ninguna?|cero|aucune?|rien|gelé)\b|冻结|零"
    ),
    0.25: r"quarter|viertel|cuarto|\bquart\b|¼|四分之一|четверть",
    0.5: r"\bhalf\b|hälfte|halb|mitad|moitié|½|一半|половин",
    1.0: (
        r"\b(all|everything|whole|entire|full|alles?|ganz|voll|todo|todas|entero|tout|toutes|complet|entier)\b"
        r"|全部|все"
    ),
}
_NUMBER = re.compile(r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*(%|per ?cent|prozent|por ciento)?")


def expect_times_drawn(submission: Submission, columns: Mapping[str, Sequence[float]] | None) -> None:
    """Expect that a figure shows accuracy against time for each fraction, named, with named axes.

    Args:
        submission: Whose figures.
        columns: The columns of its `table`, or None if it has none that can be read.

    Raises:
        Failed: It does not.
        Undecided: A person has to look.
    """
    shown = read_figures(submission)
    expected = "a point for each strategy, accuracy against the seconds in `table`, each named by its fraction"
    refuse_nothing(shown, columns is not None, expected)
    table = columns or {}
    fractions = list(table["fraction"])
    keys = tuple(f"{fraction:g}" for fraction in fractions)
    best = Best()
    for match in plots_of(shown, Pairs(keys, tuple(table["seconds"]), tuple(table["val_accuracy"]), SECONDS)):
        named = judge_match(match, lambda text: fractions_in(text, fractions), any_word=False, what="points")
        first = next(iter(match.found.values()))
        best.take(max(named, _axes_named(match), key=lambda one: one.rank), first.figure)
    conclude(shown, best, what_points(shown, table, "seconds", "the seconds", keys), expected)


def _axes_named(match: Match) -> Named:
    """Judge whether a plot says what is measured at each axis: at the axis, or in another text of the figure."""
    spot = next(iter(match.found.values()))
    axes, other = spot.axes, match.twin or spot.axes
    time, share = (axes.xlabel, other.ylabel) if match.is_upright else (axes.ylabel, other.xlabel)
    if match.twin is not None:  # both stand upright, or both lie, over a common third
        time, share = (axes.xlabel, other.xlabel) if match.is_upright else (axes.ylabel, other.ylabel)
    words = _words_of(axes, spot.figure.words) + (_words_of(other, ()) if other is not axes else "")
    is_named_right = speaks_of_time(time) or speaks_of_accuracy(share)
    if speaks_of_accuracy(time) and speaks_of_time(share) and not is_named_right:
        return Named(f"the axis of the seconds is named {time[:40]!r}, that of the accuracy {share[:40]!r}")
    for label, speaks, what in ((time, speaks_of_time, "time"), (share, speaks_of_accuracy, "accuracy")):
        if not label.strip() and not speaks(words):
            has_words = bool((axes.title + "".join(spot.figure.words)).strip())
            return Named(f"no axis is named as the {what}", is_doubtful=has_words)
    return Named()


def _words_of(axes: Axes, more: Sequence[str]) -> str:
    ticks = (text for some in axes.ticks for _, text in some)
    return " ".join((*axes.words, *ticks, *more))


def fractions_in(text: str, fractions: Sequence[float]) -> set[str]:
    """Tell which fractions a name speaks of: as shares, percentages, broken numbers, or words.

    Args:
        text: A name.
        fractions: Those that there are.

    Returns:
        Each as `f"{fraction:g}"`.
    """
    plain = text.lower().replace("\N{MINUS SIGN}", "-")
    plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
    found: set[str] = set()
    for top, bottom in re.findall(r"(\d{1,4})\s*/\s*(\d{1,4})", plain):
        if int(bottom) and (share := int(top) / int(bottom)) in fractions:
            found.add(f"{share:g}")
    rest = re.sub(r"\d+\s*/\s*\d+", " ", plain)
    for number, percent in _NUMBER.findall(rest):
        value = float(number)
        shares = [value / 100] if percent else [value, value / 100]
        found |= {f"{share:g}" for share in shares if share in fractions}
    if found:
        return found
    told = (share for share, pattern in _FRACTION_WORDS.items() if re.search(pattern, plain))
    return {f"{share:g}" for share in told if share in fractions}
