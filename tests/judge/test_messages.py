"""What the judge itself says, beside the check pages: each sentence once, with what brings it about."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from autograder.judge import figure_claims
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, sentence
from autograder.judge.comparators import expect_close, predicted_classes
from autograder.judge.submission import Answer, Handle, Stopped, Submission
from autograder.kerasmodels import models
from autograder.kerasmodels.charged_once import model_made_by
from autograder.kerasmodels.witnesses import FineTuned, expect_loss_of_integer_labels


def failing(function, *args, **kwargs):
    with pytest.raises(Failed) as caught:
        function(*args, **kwargs)
    return sentence(caught.value, "")


class Kernel:
    """Answers every question with the same."""

    def __init__(self, **reply):
        self._reply = reply

    def send(self, content, buffers=()):
        pass

    def receive(self):
        return self._reply, []


def asked(**reply):
    return Submission(Kernel(**reply), ("double", "halve"))


def test_a_call_that_did_not_end_is_not_repeated():
    submission = asked(stopped="stopped after 20 CPU-seconds; an endless loop?")
    assert failing(submission.call, "double", 2) == (
        "Called `double(2)`. No answer came: stopped after 20 CPU-seconds; an endless loop? Expected an answer. Try: "
        "run this call yourself in the notebook and watch it"
    )
    assert failing(submission.call, "double", 3) == (
        "Called `double(3)`. It is not called again, because an earlier call did not come to an end: stopped after 20 "
        "CPU-seconds; an endless loop?"
    )


def test_a_question_that_the_kernel_could_not_answer():
    error = {"type": "OSError", "message": "No space left on device"}
    said = "Asking the kernel did not work: it raised OSError: No space left on device."
    assert failing(asked(content={"failed": error}).read, "double") == said
    assert failing(asked(content=[]).read, "double") == "The kernel's answer could not be read."
    said = "`double` could not be read ('value'). Expected a plain value."
    assert failing(asked(content={}).read, "double") == said
    said = "Called `double(1)`. What it returned could not be read ('returned'). Expected a plain value."
    assert failing(asked(content={}).call, "double", 1) == said


def stop():
    raise Stopped("the kernel died")


def test_a_case_that_ends_the_kernel():
    cases = Cases(SimpleNamespace(generation=0))
    assert failing(cases.once, "it", stop) == "The kernel gave no answer: the kernel died. Expected an answer."


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([1.0, float("inf")], "There is NaN or infinity in the answer. Expected numbers."),
        ([1.0, 2.5], "The answer[1] is 2.5. Expected 2."),
        ([1.0], "The answer came back with shape (1,). Expected shape (2,)."),
    ],
)
def test_computed_numbers(found, said):
    assert failing(expect_close, found, np.array([1.0, 2.0]), "the answer") == said


def test_outputs_that_speak_for_no_class():
    expected = " Expected one row of probabilities an image."
    said = f"The output of `model` has shape (3,).{expected}"
    assert failing(predicted_classes, np.zeros(3), "`model`") == said
    assert failing(predicted_classes, np.full((3, 2), np.nan), "`model`") == f"`model` gives NaN or infinity.{expected}"


def test_a_figure_without_a_table():
    shown = SimpleNamespace(figures=[1], unread=[])
    assert failing(figure_claims.refuse_nothing, shown, False, "two plots") == (
        "There is no `table` whose numbers a figure could show. Expected two plots."
    )


# --- models


def test_a_function_that_makes_no_model():
    reply = {"content": {"returned": {"k": "none"}, "seconds": 0, "printed": ""}}
    submission = asked(**reply)
    submission.read_answer = lambda *_: Answer("the function", 3)
    said = failing(model_made_by, submission, "double", SimpleNamespace(number=0), 0)
    assert said == "`double` was given a function that makes 3."


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            {"problem": "it is not built yet"},
            "`model`: it is not built yet. Expected a keras.Model that knows its input shape.",
        ),
        ({}, "`model` could not be read ('learning_rate'). Expected a keras.Model."),
    ],
)
def test_what_cannot_be_described(reply, said):
    assert failing(models.describe, asked(content=reply), Handle("m", "Functional"), "`model`") == said


def network(*sizes):
    return keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3), *sizes])


def test_images_of_another_size():
    assert failing(models._expect_to_take, network(), np.zeros((1, 6, 4, 3))) == (
        "The model takes images of shape (4, 4, 3). Expected one that takes images of shape (6, 4, 3), as the backbone "
        "does."
    )


def test_a_model_that_cannot_be_trained():
    copy = SimpleNamespace(model=network(), variables=[])
    facts = SimpleNamespace(rebuilt=lambda: (copy.model, copy.variables), trainable=())
    said = failing(models.own_steps, facts, np.zeros((2, 4, 4, 3), np.float32), np.zeros(2, np.int64))
    assert said.startswith("A training step on the model is not possible (")
    assert said.endswith("). Expected a model that can be trained with integer labels.")
    assert "\n" not in said
    assert "\x1b" not in said


def test_a_loss_of_other_labels():
    assert failing(expect_loss_of_integer_labels, "categorical_crossentropy", "`f()`") == (
        "Called `f()`. The loss is categorical_crossentropy. Expected one for integer labels. Try: use "
        "`sparse_categorical_crossentropy`: it takes class numbers"
    )


def test_a_history_without_accuracy():
    history = Answer("`model.fit`", {"loss": [1.0], "acc": [0.5]})
    found = FineTuned("`f()`", (), SimpleNamespace(), (), (), (), (), history)
    assert failing(found.expect_accuracy_reported) == (
        "Called `f()`. `fit` reports ['acc', 'loss']. Expected `loss` and `accuracy`."
    )
