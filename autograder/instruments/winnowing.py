"""Fingerprints of code by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003).

Of every window of neighbouring runs of words the one with the smallest digest is kept. So any passage of
`RUN + WINDOW - 1` words that two texts share leaves a fingerprint that they share, wherever it stands in them.
"""

import hashlib
from collections.abc import Sequence

RUN = 12
"""Words in a fingerprint. Shorter runs are shared by chance: `for name in name :`."""
WINDOW = 4


def digests(words: Sequence[str], run: int = RUN) -> list[int]:
    """Return a digest of each run of neighbouring words; the same in every process, unlike `hash`.

    Args:
        words: Of one cell.
        run: How many words are in a run.
    """
    return [_digest(words[place : place + run]) for place in range(len(words) - run + 1)]


def _digest(words: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(words).encode(), digest_size=8).digest(), "big")


def winnow(found: Sequence[int], window: int = WINDOW) -> list[int]:
    """Return which digests are fingerprints: of each window the smallest, the last of equal ones.

    Args:
        found: From `digests`.
        window: How many neighbours one is chosen of.

    Returns:
        Places in `found`, ascending.
    """
    chosen: list[int] = []
    for start in range(max(len(found) - window, 0) + 1 if found else 0):
        places = range(start, min(start + window, len(found)))
        smallest = min(places, key=lambda place: (found[place], -place))
        if chosen[-1:] != [smallest]:
            chosen.append(smallest)
    return chosen


def fingerprints(words: Sequence[str]) -> frozenset[int]:
    """Return the fingerprints of one cell.

    Args:
        words: Its words.
    """
    found = digests(words)
    return frozenset(found[place] for place in winnow(found))
