"""Learning-management systems: submissions in, grades and feedback out.

A command reads a file or answer of the LMS (`moodle_zip`, `worksheet`, `canvas`), works out who is who (`identities`),
reads grades that may leave the house (`grades`) and ends with a table of what it did and did not (`results`).
"""
