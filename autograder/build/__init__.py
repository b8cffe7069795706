"""From the texts in `source/` to the notebooks instructors open and the release students get.

A text `source/<slug>.py` is the truth. The build writes `source/<assignment>/<slug>.ipynb` from it and lets nbgrader
compile that into `release/<assignment>/<slug>.ipynb`; it refuses to release what would give an answer away.
"""

from autograder.build.building import build, check, instructor_notebook
from autograder.build.guard import GUARD
from autograder.build.layout import BuildError

__all__ = ["GUARD", "BuildError", "build", "check", "instructor_notebook"]
