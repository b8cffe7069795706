"""What the figures of the trainings are held against: the histories that the notebook has."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.judge.checking import Failed, fail
from autograder.judge.figure_claims import NOTHING, is_recent
from autograder.judge.figure_data import conclude, curves_in, find_curves, undecided
from autograder.judge.figure_words import spaced
from autograder.judge.figures import Shown, read_figures
from autograder.judge.submission import Submission
from autograder.judge.tables import Table

TRAININGS = ("baseline", "feature", "finetuned")
_WORDS = {
    "finetuned": (
        "fine,fein,tuned,tuning,unfrozen,unfreez,aufgetaut,auftau,nachtrain,ajust,afinad,affin,descongel,dégel,degel,"
        "微调,微調,调优,ファイン,解凍,донаст,дообуч,разморож,미세,dostraja"
    ),
    "feature": (
        "feature,merkmal,extrac,extrak,frozen,freez,eingefror,gefror,caracter,caractér,congelad,congelé,gelé,figé,"
        "特征,特徴,特徵,冻结,凍結,признак,заморож,특징,cech,öznitelik,estrazione,caratteristic"
    ),
    "baseline": (
        "baseline,base line,basis,grundlinie,scratch,from zero,null an,ohne vor,sans pré,desde cero,de zéro,"
        "depuis zéro,línea base,linea base,referenc,référenc,referenz,small cnn,own cnn,"
        "基线,基線,基准,基準,从零,从头,ベースライン,базов,нуля,베이스라인,기준,bazow"
    ),
}


def expect_trainings_drawn(submission: Submission) -> None:
    """Expect that figures show the validation accuracy of the three trainings, told apart by names.

    Raises:
        Failed: They do not.
        Undecided: A person has to look.
    """
    shown = read_figures(submission)
    expected = "three curves, the validation accuracy of each training, named baseline, feature and finetuned"
    if not shown.figures and not shown.unread:
        fail(NOTHING, expected)
    records = _histories(submission)
    validation = {name: values for name in TRAININGS if (values := _metric(records.get(name), validation=True))}
    missing = [name for name in TRAININGS if name not in validation]
    if missing:
        what = f"`histories` has no validation accuracies of {', '.join(missing)}"
        if not validation:
            fail(f"{what}, so no figure can show them", expected)
        if not is_recent(shown):
            fail(f"{NOTHING}, and {what}", expected)
        undecided(f"There is a figure, but {what} to compare it with.")
    if len({value for values in validation.values() for value in values}) == 1:
        if not is_recent(shown):
            fail(NOTHING, expected)
        undecided("The `histories` hold one and the same number throughout, so that no curve can be told from another.")
    best = find_curves(shown, validation, trainings_in)
    counts = {name: curves_in(shown, values) for name, values in validation.items()}
    both = [*validation["feature"], *validation["finetuned"]]
    if best.named is None and counts["baseline"] and curves_in(shown, both):
        undecided("A figure shows feature extraction and fine-tuning as one curve.")
    nothing = not is_recent(shown) and not any(counts.values())
    conclude(shown, best, NOTHING if nothing else _what_curves(shown, records, counts), expected)


def _histories(submission: Submission) -> dict[str, Any]:
    try:
        found = submission.read("histories")
    except Failed:
        return {}
    return {str(name): history_in(record) for name, record in found.items()} if isinstance(found, Mapping) else {}


def history_in(record: Any) -> Any:
    """Return a history as metrics by name, also one that was made a data frame."""
    return record.columns if isinstance(record, Table) else record


def _metric(record: Any, *, validation: bool) -> list[float]:
    """The accuracies of a history, under whatever name their metric has."""
    if not isinstance(record, Mapping):
        return []
    names = [name for name in map(str, record) if "acc" in name and name.startswith("val_") == validation]
    names.sort(key=lambda name: name.removeprefix("val_") != "accuracy")
    try:
        values = [float(value) for value in np.asarray(record[names[0]], float).reshape(-1)] if names else []
    except (TypeError, ValueError):
        return []
    return values if all(np.isfinite(values)) else []


def _what_curves(shown: Shown, records: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    training = {name: values for name in TRAININGS if (values := _metric(records.get(name), validation=False))}
    there = [name for name, count in counts.items() if count]
    swapped = [name for name, values in training.items() if not counts.get(name) and curves_in(shown, values)]
    if swapped:
        return f"a curve shows the training accuracy of {swapped[0]}, and none its validation accuracy"
    if there:
        lacking = [name for name in counts if name not in there]
        if not lacking:
            return "the curves of the three trainings are not three curves of their own"
        return f"no curve shows the validation accuracies of {' and '.join(lacking)} that are in `histories`"
    return "no curve shows the validation accuracies that are in `histories`"


def trainings_in(text: str) -> set[str]:
    """Tell which of the three trainings a name speaks of."""
    plain = spaced(text)
    # "unfrozen" holds "frozen": what was recognised is taken out before the next is looked for
    found = set()
    for name, words in _WORDS.items():
        if any(word in plain for word in words.split(",")):
            found.add(name)
            plain = re.sub(r"\b\w*(?:unfr|descong|dégel|degel|разморож)\w*", " ", plain)
    return found
