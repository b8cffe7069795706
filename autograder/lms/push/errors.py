"""How sending can go wrong.

CourseError
└── PlatformRefused    the LMS, or what it was asked with, is unusable: nobody can be sent anything
StudentRefused         this one student cannot be sent anything; the others can
NoAnswer               the LMS did not answer, or not in time: whether it did what was asked is not known
"""

from autograder.course.errors import CourseError


class PlatformRefused(CourseError):
    """The LMS, or what it was asked with, is unusable; the sentence says what to do."""


class StudentRefused(Exception):
    """One student's grade cannot be sent; the sentence says why."""


class NoAnswer(Exception):
    """The LMS did not answer in time; what was asked for may or may not have happened."""
