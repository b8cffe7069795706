"""Signs for students say the same with and without colour."""

import transferlab


def test_a_pass_is_a_green_line(capsys):
    transferlab.passed("Task 1: the visible checks pass.")

    assert capsys.readouterr().out == "\x1b[32m✔ Task 1: the visible checks pass.\x1b[0m\n"
