"""Small signs for students."""


def passed(what: str) -> None:
    """Print in green that something holds, at the end of a cell of visible checks.

    Args:
        what: The sentence, such as "Task 1: the visible checks pass."
    """
    # the sign and the words say it without the colour, too
    print(f"\x1b[32m✔ {what}\x1b[0m")  # noqa: T201 - this is what it is for
