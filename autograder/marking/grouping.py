"""Answers with the same text, or nearly the same: marked together, and once where the text is equal.

Nearly the same is told by the fingerprints that `autograder similar` compares code by, here of the words of a text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from autograder.gradebook.marks import AnswerKey
from autograder.instruments.likeness import hang_together
from autograder.instruments.winnowing import digests, winnow

_WORD = re.compile(r"\w+")
_RUN, _WINDOW = 4, 3
"""Words of prose: far shorter runs than of code are seldom shared by chance."""
NEAR_SHARE = 0.6
"""Of the fingerprints of both: as much as two texts have in common that differ in a sentence or two."""
_FEWEST_PRINTS = 4


@dataclass(frozen=True)
class Group:
    """Answers that are shown one after another, in the order they were drawn in."""

    keys: tuple[AnswerKey, ...]
    equal: tuple[frozenset[AnswerKey], ...]
    """Those of them with the same words; each answer is in one."""

    def equal_to(self, key: AnswerKey) -> frozenset[AnswerKey]:
        """Return the answers with the same words, itself included.

        Args:
            key: The answer.
        """
        return next((same for same in self.equal if key in same), frozenset({key}))


def group_texts(texts: Sequence[tuple[AnswerKey, str]], given: str = "") -> list[Group]:
    """Group answers.

    Args:
        texts: In the order they were drawn in.
        given: What nobody has written by himself; lines of it do not count.

    Returns:
        Groups in the order of their first answers.
    """
    ignored = {line.strip() for line in given.split("\n")} - {""}
    words = {key: _words(text, ignored) for key, text in texts}
    same: dict[tuple[str, ...], list[AnswerKey]] = {}
    for key, said in words.items():
        same.setdefault(said or ("", *key.student), []).append(key)  # of empty ones each is its own
    firsts = {keys[0]: frozenset(_prints(said)) for said, keys in same.items() if said[:1] != ("",)}
    long_enough = [key for key, prints in firsts.items() if len(prints) >= _FEWEST_PRINTS]
    near = [
        (one, other) for one, other in combinations(long_enough, 2) if _share(firsts[one], firsts[other]) >= NEAR_SHARE
    ]
    with_which = {key: group for group in hang_together(near) for key in group}
    equal = {key: frozenset(keys) for keys in same.values() for key in keys}
    first_of = {key: keys[0] for keys in same.values() for key in keys}
    groups: dict[frozenset[AnswerKey], list[AnswerKey]] = {}
    for key, _ in texts:
        first = first_of[key]
        groups.setdefault(frozenset(with_which.get(first, (first,))), []).append(key)
    return [Group(tuple(keys), tuple(dict.fromkeys(equal[key] for key in keys))) for keys in groups.values()]


def _words(text: str, ignored: set[str]) -> tuple[str, ...]:
    own = (line for line in text.split("\n") if line.strip() not in ignored)
    return tuple(_WORD.findall("\n".join(own).casefold()))


def _prints(words: Sequence[str]) -> list[int]:
    found = digests(words, _RUN)
    return [found[place] for place in winnow(found, _WINDOW)]


def _share(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / len(one | other)
