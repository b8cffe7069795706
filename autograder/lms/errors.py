"""What can be wrong with a file or an answer of a learning-management system, each said in one sentence."""

from autograder.course.errors import CourseError


class LmsError(CourseError):
    """A file of the LMS is refused as a whole and nothing was written; the message is one sentence."""


class StudentFilesRefused(Exception):
    """What one student handed in must not be unpacked; the others go on. The message is one sentence."""
