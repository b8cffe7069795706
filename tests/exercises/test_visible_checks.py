"""The checks students see: right answers of any style pass them, the usual slips get a sentence that helps."""

import inspect

import pytest

FUNCTIONS = (
    "select_classes",
    "sample_per_class",
    "split_train_validation",
    "build_feature_extractor",
    "start_fine_tuning",
)
RIGHT = (
    "reference",
    "right_functional_loops",
    "right_sequential_augmented",
    "right_flat_pandas_seaborn",
    "right_keras_guide",
)
SAID = {
    "select_classes": {
        "wrong_labels_not_remapped": "compare with the example",
        "wrong_labels_by_value": "compare with the example",
        "wrong_order_not_kept": "compare with the example",
        "wrong_inputs_changed_in_place": "changed the labels it was given",
        "wrong_image_dtype_changed": "should be int64",
        "wrong_select_without_errors": "should raise a ValueError",
    },
    "sample_per_class": {
        "wrong_sampling_with_replacement": "images are different ones",
        "wrong_sampling_unseeded": "same seed gave two different samples",
        "wrong_sampling_depends_on_global_state": "same seed gave two different samples",
        "wrong_sample_sorted_by_class": "sorted by class",
        "wrong_sample_first_images": "is the seed used",
        "wrong_sample_takes_what_there_is": "should be a ValueError",
        "wrong_sample_message_without_class": "names the class",
        "wrong_sample_not_balanced": "50 of each class",
        "wrong_images_and_labels_apart": "have come apart",
    },
    "split_train_validation": {
        "wrong_validation_leaks": "exactly one part",
        "wrong_split_loses_images": "exactly one part",
        "wrong_split_not_stratified": "went to validation",
        "wrong_split_unseeded": "is the seed used",
        "wrong_fraction_unchecked": "should raise a ValueError",
    },
    "build_feature_extractor": {
        "wrong_backbone_left_unfrozen": "of the backbone",
        "wrong_training_false_is_no_freeze": "of the backbone",
        "wrong_frozen_after_a_fit": "of the backbone",
        "wrong_weights_frozen_but_not_batch_norm": "of the backbone",
        "wrong_softmax_missing": "no probabilities",
        "wrong_one_sigmoid_unit": "not (6, 2)",
        "wrong_metric_missing": "a metric named accuracy is missing",
        "wrong_head_frozen_too": "nothing in this model can learn",
        "hostile_lambda_layer": "no Lambda",
        "hostile_layer_of_its_own": "built-in layers",
    },
    "start_fine_tuning": {
        "wrong_flags_without_compile": "conv_2, conv_3, head should learn",
        "wrong_first_layers_unfrozen": "conv_2, conv_3, head should learn",
        "wrong_everything_unfrozen": "conv_2, conv_3, head should learn",
        "wrong_counts_layers_without_weights": "conv_2, conv_3, head should learn",
        "wrong_model_frozen_in_stage_two": "conv_2, conv_3, head should learn",
        "wrong_batch_norm_unfrozen": "BatchNormalization changed",
        "wrong_too_many_layers_accepted": "unfreezing four should raise",
        "wrong_learning_rate_ignored": "learning rate should be",
        "wrong_weights_started_anew": "return that one",
        "wrong_head_started_anew": "changed before any training",
    },
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass(notebook, name):
    answers = notebook(name)
    answers.run("setup", "toy_backbone")
    for function in FUNCTIONS:
        answers.run(function, f"check_{function}")


@pytest.mark.parametrize(("function", "name"), [(function, name) for function in SAID for name in SAID[function]])
def test_a_slip_gets_a_sentence_that_helps(notebook, function, name):
    answers = notebook(name)
    answers.run("setup", "toy_backbone", function)
    with pytest.raises(AssertionError) as caught:
        answers.run(f"check_{function}")
    assert SAID[function][name] in str(caught.value)
    assert len(str(caught.value)) < 160


def test_an_unanswered_notebook_stops_at_the_first_task(notebook):
    with pytest.raises(NotImplementedError, match="Write your answer here"):
        notebook("blank").run_all()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_contract_names_every_argument(notebook, function):
    for name in ("reference", "blank"):
        found = notebook(name).run("setup", function)[function]
        for argument in inspect.signature(found).parameters:
            assert f"\n        {argument}: " in found.__doc__
        assert all(f"\n    {part}:\n" in found.__doc__ for part in ("Args", "Returns"))
