"""What is derived from verdicts for nbgrader: gradebook, autograded notebooks, feedback, export, penalties."""
