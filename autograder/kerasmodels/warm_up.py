"""What every judge of a course with Keras would do again, done once in the template before forking."""

from autograder.kerasmodels import rebuild
from autograder.kernels.inner import quick_trace


def main() -> None:
    """Quicken training, and list the classes a model may name."""
    quick_trace.install()
    rebuild.allowed_classes()
