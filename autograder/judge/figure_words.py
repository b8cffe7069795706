"""Words by which people of several languages name what the figures of the course show.

Only to notice names that have been swapped, and axes that say what they measure: a word that is not here is no mistake.
"""

import re
from collections.abc import Sequence

_TRAININGS = {
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
_TIME = (
    r"time|second|duration|\bs\b|\bsec|minute|\bmin\b|zeit|dauer|sekund|minut|tiempo|segundo|duraci|temps|durée|duree"
    r"|seconde|时间|時間|秒|время|секунд|tempo|secondi|czas|시간|초|süre"
)
_ACCURACY = (
    r"accura|\bacc|right|correct|genauigk|richtig|treffer|exactitud|precisi|aciert|précision|justesse|exactitude"
    r"|准确|精度|正解|正确|точност|accuratezz|dokładn|정확|doğrul|acur"
)
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


def trainings_in(text: str) -> set[str]:
    """Tell which of the three trainings of exercise 1 a name speaks of."""
    plain = _spaced(text)
    # "unfrozen" holds "frozen": what was recognised is taken out before the next is looked for
    found = set()
    for name, words in _TRAININGS.items():
        if any(word in plain for word in words.split(",")):
            found.add(name)
            plain = re.sub(r"\b\w*(?:unfr|descong|dégel|degel|разморож)\w*", " ", plain)
    return found


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


def networks_in(text: str, names: Sequence[str]) -> set[str]:
    """Tell which networks a name speaks of, in full or by the part that tells them apart, such as "VGG".

    Args:
        text: A name.
        names: Those that there are.
    """
    plain = _letters(text)
    whole = {name for name in names if _letters(name) in plain}
    if whole:
        longer = {name for name in whole if any(name != other and _letters(name) in _letters(other) for other in whole)}
        return whole - longer
    found = set()
    for name in names:
        parts = [_letters(part) for part in re.split(r"[^a-zA-Z]+", name)]
        others = [_letters(other) for other in names if other != name]
        own = [part for part in parts if len(part) >= 3 and not any(part in other for other in others)]
        if any(part in plain for part in own):
            found.add(name)
    return found


def speaks_of_time(text: str) -> bool:
    """Whether words name a time or its unit."""
    return re.search(_TIME, _spaced(text)) is not None


def speaks_of_accuracy(text: str) -> bool:
    """Whether words name an accuracy."""
    return re.search(_ACCURACY, _spaced(text)) is not None


def _spaced(text: str) -> str:
    return re.sub(r"[_\-\s]+", " ", text.lower())


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
