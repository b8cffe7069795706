"""What the functions about images and labels are asked."""

import numpy as np
from hypothesis import strategies as st

from autograder.judge.strategies import LARGEST_LABEL, LARGEST_OF_MANY, Batch, batch_of, batches_of, classes


def batch_with_equals() -> Batch:
    """Three classes in which each image is there twice, as photographs often are: images are not known by content."""
    once = batch_of([9, 4, 9, 9, 30, 4, 30, 4, 30, 9], seed=2)
    return Batch(*(np.concatenate([part, part[::-1]]) for part in once))


@st.composite
def selections(draw: st.DrawFn) -> tuple[Batch, tuple[int, ...] | list[int]]:
    """A batch and some or all of its classes, in any order, as a tuple or a list.

    Many classes have numbers so small that they are also new labels: whoever renumbers in place meets them again.
    """
    present = draw(classes(2, 6, draw(st.sampled_from([5, 5, LARGEST_LABEL, LARGEST_OF_MANY]))))
    labels = present + draw(st.lists(st.sampled_from(present), max_size=15))
    chosen = draw(st.permutations(present))[: draw(st.integers(1, len(present)))]
    return draw(batches_of(labels)), draw(st.sampled_from([tuple, list]))(chosen)
