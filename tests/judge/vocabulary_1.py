"""Every public word of check pages once, as of version 1. Never changed: what stands here goes on working.

docs/vocabulary.md shows the same, piece by piece.
"""

VOCABULARY = 1

# autograder.judge.checking
from autograder.judge.checking import Failed, Undecided, check, fail


@check("numbers", points=1, hint="look at the example")
def a_check_fails_or_leaves_it_to_a_person(submission):
    """The docstring is the line that students read."""
    try:
        fail("it returned 3", "4", called="`double(2)`")
    except Failed as problem:
        assert problem.expected == "4"
    if submission is None:
        raise Undecided("There is no submission.")


# autograder.judge.submission
from autograder.judge.submission import Answer, Handle, Stopped, Submission


@check("numbers", points=1)
def functions_are_called_and_variables_read(submission: Submission):
    """`call` asks a function, `read` a variable."""
    try:
        answer: Answer = submission.call("double", [1, 2], inputs_after=True)
    except Stopped as stopped:
        raise Undecided(f"The kernel gave no answer: {stopped.reason}.") from stopped
    if list(answer.returned()) != [2, 4] or isinstance(submission.read("rate"), Handle):
        fail(f"it returned {answer.value}", "[2, 4]", called=answer.called)


# autograder.judge.comparators
import numpy as np
from autograder.judge.comparators import as_array, expect_accuracy, expect_array, expect_close, expect_dtype
from autograder.judge.comparators import expect_pair, expect_probabilities, expect_report, expect_untouched
from autograder.judge.comparators import expect_value_error, image_positions, number, predicted_classes


@check("numbers", points=1)
def answers_are_compared(submission):
    """Each of these fails with a sentence of its own."""
    given = np.array([1.0, 2.0, 4.0], dtype="float32")
    answer = submission.call("double", given, inputs_after=True)
    expect_array(answer.returned(), 2 * given, "the answer", answer.called)
    expect_close(answer.returned(), 2 * given, "the answer", answer.called, tolerance=1e-6)
    expect_dtype(answer.returned(), "float32", "the answer", answer.called)
    expect_untouched(answer, given)
    expect_value_error(submission.call("halve", [1.0, 2.0, 3.0]), "an odd number of values")
    first, second = expect_pair(submission.call("halve", [1.0, 2.0]).returned(), "the answer")
    assert as_array(first, "the first half").shape == as_array(second, "the second half").shape
    assert number(submission.read("rate"), "`rate`") == 0.5


@check("numbers", points=1)
def images_and_probabilities_are_compared(submission):
    """Images are known by their pixels."""
    images = np.arange(3 * 2 * 2 * 3).reshape(3, 2, 2, 3)
    found = as_array(submission.call("turned_round", images).returned(), "the images")
    assert image_positions(found, images) == [2, 1, 0]
    outputs = np.array([[0.9, 0.1], [0.2, 0.8]])
    expect_probabilities(outputs, (2, 2))
    share = float(np.mean(predicted_classes(outputs, "the model") == [0, 1]))
    expect_accuracy(share, 0.8, 0.005, "the model")
    expect_report(submission.read("said"), share, "`said`")


# autograder.judge.tables
from autograder.judge.tables import Table, column_of_numbers, expect_table, expect_table_untouched
from autograder.judge.tables import list_of_texts, rows_of


@check("numbers", points=1)
def tables_are_compared(submission):
    """A data frame comes as a table of columns."""
    given = Table({"name": ["elm", "ash"], "height": [3.0, 1.0]})
    answer = submission.call("sorted_by_height", given, inputs_after=True)
    table = expect_table(answer.returned(), ["name", "height"], "the table", answer.called)
    assert column_of_numbers(table, "height", "the table") == [1.0, 3.0]
    assert rows_of(table)[0]["name"] == "ash"
    assert list_of_texts(submission.read("names"), "`names`") == ["ash", "elm"]
    expect_table_untouched(answer, given)


# autograder.judge.strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from autograder.judge.strategies import Batch, batch_of, batches_of, class_counts, classes, counts_of, images_for


@check("numbers", points=1)
@settings(max_examples=3)
@given(batch=class_counts(smallest=2), other=batches_of([3, 3, 5]), some=classes(1, 3))
def questions_are_drawn(submission, batch, other, some):
    """What is drawn hangs on the secret of the course."""
    assert min(counts_of(batch.labels).values()) >= 2
    assert counts_of(other.labels) == {3: 2, 5: 1}
    fixed: Batch = batch_of(some)
    assert len(images_for(fixed.labels, seed=1)) == len(some)


# autograder.judge.cases
from autograder.judge.cases import Cases


@check("numbers", points=1)
def what_is_asked_for_twice_is_asked_once(submission):
    """Checks that share a question share its answer, also a failure."""
    cases = Cases(submission)
    first = cases.once("double", lambda: submission.call("double", [1]))
    assert cases.once("double", lambda: fail("it is not asked again")) is first


# autograder.judge.wording
from autograder.judge.wording import brief


@check("numbers", points=1)
def values_are_said_briefly(submission):
    """Messages hold shapes, not a thousand numbers."""
    assert brief(np.zeros((2, 300))) == "an array of shape (2, 300), float64"


# autograder.judge.thresholds
from autograder.judge.thresholds import Gate, gate


@check("numbers", points=1)
def a_gate_is_read_from_the_file_beside_the_page(submission):
    """`autograder calibrate` has measured it."""
    found: Gate = gate(__file__, "recognised", "sketches")
    assert (found.threshold, found.band) == (0.8, 0.005)


# autograder.judge.figures
from autograder.judge.figures import Shown, read_figures


@check("numbers", points=1)
def figures_are_read(submission):
    """What a cell has drawn comes as numbers and words."""
    shown: Shown = read_figures(submission)
    assert shown.figures[0].axes[0].xlabel == "epoch"


# autograder.kerasmodels.tiny
from autograder.kerasmodels.tiny import counted_layers, tiny_backbone, training_images, with_head


@check("models", points=1)
def backbones_of_ours_are_small(submission):
    """Every array is random, so that each can be found by value."""
    backbone = tiny_backbone(batch_norm=True, seed=3)
    assert len(counted_layers(backbone)) == 4
    images, _ = training_images(3, seed=4)
    assert with_head(backbone, 3, seed=5, flat=False)(images).shape == (24, 3)


# autograder.kerasmodels.pretrained
from autograder.kerasmodels import pretrained


@check("models", points=1)
def pretrained_arrays_are_known(submission):
    """Without building a network."""
    counted = pretrained.counted_layers("mini_vgg")
    assert set(counted) <= set(pretrained.layer_arrays("mini_vgg"))
    assert len(pretrained.all_arrays("mini_vgg")) >= len(counted)


# autograder.kerasmodels.models
from autograder.kerasmodels.models import ModelFacts, describe, expect_model, find_arrays, fit, frozen_layers_beside
from autograder.kerasmodels.models import load_backbone, moved, own_steps, part_of, place, same_bits


@check("models", points=1)
def a_model_is_described_rebuilt_and_trained(submission):
    """The judge rebuilds it and trains its copy; the kernel trains the original."""
    ours = tiny_backbone(batch_norm=False, seed=6)
    backbone = place(submission, ours)
    answer = submission.call("with_a_head", backbone, 3, model=True)
    facts: ModelFacts = describe(submission, expect_model(answer.returned(), answer.called))
    places = find_arrays([np.asarray(variable) for variable in ours.weights], facts.arrays)
    assert None not in places
    images, labels = training_images(3, seed=7)
    expect_probabilities(facts.predict(images), (24, 3), answer.called)
    by_ours = own_steps(facts, images, labels)
    _, after = fit(submission, facts.handle, images, labels)
    assert not any(by_ours[at] or moved(facts.arrays, after)[at] for at in places)
    assert same_bits(facts.arrays[0], after[0])
    assert frozen_layers_beside(facts, places) == []
    assert describe(submission, part_of(submission, facts.handle, layer=1)).arrays
    assert isinstance(load_backbone(submission, "mini_vgg", None), Handle)


# autograder.kerasmodels.witnesses
from autograder.kerasmodels.witnesses import Evaluation, Witness, evaluated, expect_loss_of_integer_labels


@check("models", points=1)
def a_model_is_evaluated(submission):
    """Loss and accuracy are those of class numbers."""
    facts = describe(submission, submission.read_model("model"))
    images, labels = training_images(3, seed=8)
    expect_loss_of_integer_labels(facts.loss, "`model`")
    found: Evaluation | None = evaluated(submission, facts, images, "`model`")
    if found is not None:
        found.expect_integer_labels()
    witness = Witness("a few training steps", tuple(own_steps(facts, images, labels)))
    assert any(witness.moved)


# autograder.kerasmodels.watching
from autograder.kerasmodels.watching import notebook_trainings, watch


@check("models", points=1)
def trainings_are_watched(submission):
    """Each `fit` of a call is noted, with the arrays before and after it."""
    images, labels = training_images(3, seed=9)
    watched = watch(submission, "trained", "`trained(images, labels)`", [images, labels], plan={}, inputs_after=0)
    assert [found.epochs for found in watched.fits] == [2]
    assert notebook_trainings(submission) == ()
