"""What the functions about images and labels are asked."""

from hypothesis import strategies as st

from autograder.judge.strategies import LARGEST_LABEL, LARGEST_OF_MANY, Batch, batches_of, classes


@st.composite
def selections(draw: st.DrawFn) -> tuple[Batch, tuple[int, ...] | list[int]]:
    """A batch and some or all of its classes, in any order, as a tuple or a list.

    Many classes have numbers so small that they are also new labels: whoever renumbers in place meets them again.
    """
    present = draw(classes(2, 6, draw(st.sampled_from([5, 5, LARGEST_LABEL, LARGEST_OF_MANY]))))
    labels = present + draw(st.lists(st.sampled_from(present), max_size=15))
    chosen = draw(st.permutations(present))[: draw(st.integers(1, len(present)))]
    return draw(batches_of(labels)), draw(st.sampled_from([tuple, list]))(chosen)
