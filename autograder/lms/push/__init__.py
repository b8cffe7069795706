"""Grades, comments and feedback pages sent to an LMS through its own interface, each student once."""
