"""Parts of the grader that not everybody needs: `pip install "autograder[NAME]"` brings what they stand on."""

EXTRAS = {
    "authlib": "lms",
    "distributed": "cluster",
    "joserfc": "lms",
    "psycopg": "postgresql",
    "starlette": "marking",
    "uvicorn": "marking",
}
"""Extra by package. They stand in `pyproject.toml`."""


def missing_extra(problem: BaseException) -> str:
    """Say which extra would bring a module that is missing; empty if none would.

    Args:
        problem: What was raised.
    """
    if not isinstance(problem, ModuleNotFoundError) or problem.name is None:
        return ""
    package = problem.name.partition(".")[0]
    if package not in EXTRAS:
        return ""
    return f"This needs {package}, which is not installed; `pip install 'autograder[{EXTRAS[package]}]'` brings it."
