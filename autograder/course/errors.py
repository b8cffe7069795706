"""What can be wrong with a course folder or a submission, each said in one sentence."""


class CourseError(Exception):
    """The course folder cannot be used; the message is one sentence that says what to do."""


class JudgeFailed(RuntimeError):
    """The judge could not do its work, and the cause is not the submission; nothing is recorded."""


class UnusableNotebook(Exception):
    """A file that cannot be graded; the message is one sentence for the student."""


UNFORESEEN = (OSError, ValueError, ArithmeticError, LookupError, TypeError, RuntimeError, MemoryError, AttributeError)
"""What reading one person's files, or an LMS's answer about one, may end in; it becomes that person's row."""


def in_short(problem: BaseException) -> str:
    """Say what an unforeseen error was, for the row of the person in whose files it lies.

    Args:
        problem: The error.
    """
    return getattr(problem, "strerror", None) or f"{type(problem).__name__}: {str(problem)[:100]}"
