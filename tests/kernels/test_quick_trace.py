"""Less is traced in our kernels, and errors keep their sentences; `test_quick_fit` shows that results are the same."""


def test_a_frozen_backbone_gets_no_backward_pass(trainer):
    run = trainer.run_cell("""
import tensorflow as tf

def backward_operations(functions):
    put(functions)
    keras.backend.clear_session()
    model = compiled(frozen_backbone())
    model.optimizer.build(model.trainable_variables)
    x, y = data()
    step = tf.function(lambda: model.train_step((tf.constant(x), tf.constant(y)))).get_concrete_function()
    found = {operation.type for operation in step.graph.get_operations() if "Backprop" in operation.type}
    put(QUICK)
    return found

plain, quick = backward_operations(PLAIN), backward_operations(QUICK)
print("Conv2DBackpropInput" in plain, any("Conv2D" in name for name in quick))
""")
    assert run.outputs[-1]["text"] == "True False\n"


def test_an_error_in_a_graph_keeps_its_sentence_and_loses_its_frames(trainer):
    run = trainer.run_cell("""
model = compiled(network())
try:
    model.fit(*data(classes=9), verbose=0)
except Exception as error:
    print("is not in [0, 3)" in str(error), "  File " in str(error))
""")
    assert run.outputs[-1]["text"] == "True False\n"


def test_an_operation_on_a_wrong_type_is_still_refused(trainer):
    run = trainer.run_cell("""
import tensorflow as tf

@tf.function
def wrong():
    return tf.raw_ops.Conv2D(
        input=tf.constant([[[["a"]]]]), filter=tf.constant([[[["b"]]]]), strides=[1, 1, 1, 1], padding="SAME"
    )

try:
    wrong()
except TypeError as error:
    print("DataType string not in list of allowed values: " in str(error))
""")
    assert run.outputs[-1]["text"] == "True\n"
