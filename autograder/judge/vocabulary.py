"""The words of check pages, with a version: a page written for an older one keeps working.

Public are the names in `__all__` of these modules; docs/vocabulary.md has an example of each. What check pages import
besides may change with any release.
"""

import ast
from pathlib import Path

VERSION = 1
"""Goes up by 1 whenever a name is added. A name that was public once stays, with what it does."""
STATED_AS = "VOCABULARY"
"""A page may say which version it was written for: `VOCABULARY = 1`."""
MODULES = (
    "autograder.judge.checking",
    "autograder.judge.submission",
    "autograder.judge.comparators",
    "autograder.judge.tables",
    "autograder.judge.strategies",
    "autograder.judge.cases",
    "autograder.judge.wording",
    "autograder.judge.thresholds",
    "autograder.judge.figures",
    "autograder.kerasmodels.tiny",
    "autograder.kerasmodels.pretrained",
    "autograder.kerasmodels.models",
    "autograder.kerasmodels.witnesses",
    "autograder.kerasmodels.watching",
)


def why_not(page: Path) -> str:
    """Say why a page cannot be judged with: it was written for a newer vocabulary; empty if it can.

    Args:
        page: A check page; it is read, not run.
    """
    try:
        body = ast.parse(page.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return ""  # said where it is imported
    for node in body:
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == STATED_AS for name in node.targets):
            stated = node.value.value if isinstance(node.value, ast.Constant) else None
            if isinstance(stated, bool) or not isinstance(stated, int) or stated < 1:
                return f"{page.name} states no version in {STATED_AS}; write a number, as in `{STATED_AS} = {VERSION}`."
            if stated > VERSION:
                return (
                    f"{page.name} was written for version {stated} of the vocabulary of check pages, and this"
                    f" autograder knows {VERSION}; install a newer one, or write it with words of docs/vocabulary.md."
                )
    return ""
