"""The course room: exercises, submissions, verdicts and what nbgrader makes of them."""
