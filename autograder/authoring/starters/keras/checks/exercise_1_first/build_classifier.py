"""Hidden checks for exercise 1: build_classifier.

The name of a check is a claim, its docstring the line that students read, its points are part of those of its cell.
"""

import numpy as np
from _models import HIDDEN, drawn_groups, parameters

from autograder.judge.checking import check, fail
from autograder.judge.comparators import expect_probabilities, predicted_classes
from autograder.kerasmodels.models import describe, expect_model, fit

CELL = "check_build_classifier"


def built(submission, features, classes):
    """Ask for a classifier; return its handle in the student's kernel, and the call as text."""
    answer = submission.call("build_classifier", features, classes)
    return expect_model(answer.returned(), answer.called), answer.called


@check(CELL, points=1.5, hint="end in `Dense(classes, activation='softmax')`, also for two classes")
def classifier_gives_one_probability_per_class(submission, draw_seed):
    """The model turns (n, features) into (n, classes) probabilities, for two classes as for more."""
    generator = np.random.default_rng(draw_seed("inputs"))
    for features, classes in ((int(generator.integers(3, 9)), int(generator.integers(3, 7))), (5, 2)):
        model, called = built(submission, features, classes)
        inputs = generator.normal(size=(6, features)).astype("float32")
        expect_probabilities(describe(submission, model).predict(inputs), (6, classes), called)


@check(CELL, points=1.5, hint="compare with `model.summary()` and the example: two Dense layers with a bias each")
def classifier_has_the_parameters_asked_for(submission, draw_seed):
    """It has one hidden layer of 16 units, and all parameters learn."""
    generator = np.random.default_rng(draw_seed("sizes"))
    features, classes = int(generator.integers(5, 12)), int(generator.integers(3, 8))
    model, called = built(submission, features, classes)
    facts = describe(submission, model)
    sizes = [array.size for array, learns in zip(facts.arrays, facts.trainable, strict=True) if learns]
    if sum(sizes) != (expected := parameters(features, HIDDEN, classes)):
        fail(f"{sum(sizes)} parameters learn", f"{expected}", called=called)


@check(CELL, points=1, hint="compile with Adam(0.01), a *sparse* loss for class numbers, and metrics=['accuracy']")
def classifier_learns(submission, draw_seed):
    """Trained on three groups of points that lie apart, it tells them apart."""
    points, labels = drawn_groups(draw_seed("groups"))
    model, called = built(submission, points.shape[1], 3)
    for _ in range(4):
        fit(submission, model, points, labels)[0].returned()
    found = predicted_classes(describe(submission, model).predict(points), "the model")
    share = float(np.mean(found == labels))
    if share < 0.9:
        fail(f"after four epochs {share:.0%} of the training points are right", "at least 90 %", called=called)
