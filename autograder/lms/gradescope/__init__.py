"""Gradescope: an autograder zip to its published specification, and what runs in it.

The specification is at https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""
