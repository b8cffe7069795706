"""What can be wrong with a course folder or a submission, each said in one sentence."""


class CourseError(Exception):
    """The course folder cannot be used; the message is one sentence that says what to do."""


class JudgeFailed(RuntimeError):
    """The judge could not do its work, and the cause is not the submission; nothing is recorded."""


class UnusableNotebook(Exception):
    """A file that cannot be graded; the message is one sentence for the student."""
