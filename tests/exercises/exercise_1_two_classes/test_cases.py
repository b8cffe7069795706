"""Model cases that several checks share: in whatever order they ask, each answer is about the model as it was built."""

from tests.judge.local import judge

PAGE = """
from autograder.checks.exercise_1_two_classes._cases import ModelCases
from autograder.judge.checking import check


@check("built", points=1)
def evaluation_is_of_the_model_as_built(submission):
    '''It is.'''
    cases = ModelCases(submission, 5)
    asked = (cases.normalized_backbone, cases.num_classes)
    cases.extractor_fit(*asked)
    cases.extractor_evaluation(*asked).expect_integer_labels()
"""
FAST_LEARNER = """
import keras


def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    features = keras.layers.BatchNormalization()(keras.layers.GlobalMaxPooling2D()(backbone.output))
    model = keras.Model(backbone.input, keras.layers.Dense(num_classes, "softmax")(features))
    model.compile(keras.optimizers.SGD(5.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def test_a_head_that_learns_fast_is_evaluated_before_it_is_trained(tmp_path):
    page = tmp_path / "page_cases.py"
    page.write_text(PAGE)
    (found,) = judge([page], {"built": FAST_LEARNER}, ("built",)).values()
    assert found.points == 1, found.message
