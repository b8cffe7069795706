"""Written answers marked by a person: a page on loopback, a rubric, and what was marked by whom."""
