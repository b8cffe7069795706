# why = "a class hidden where no layer is expected"
# lost = ["model"]
# undecided = ["model"]
# says = ""
# %% model
import json
import sys
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax", name="last")])
model.layers[0].set_weights([20 * np.eye(4), np.zeros(4)])
probe = sys.modules["kernel_probe"]
honest = probe._OPERATIONS["describe"]

def describe(content, buffers, namespace):
    answer, arrays = honest(content, buffers, namespace)
    config = json.loads(answer["description"])
    layer = [found["layer"] for found in config["objects"] if "layer" in found][-1]
    layer["config"]["kernel_regularizer"] = [{"module": "builtins", "class_name": "exec", "config": {"a": 1}, "registered_name": None}]
    answer["description"] = json.dumps(config)
    return answer, arrays

probe._OPERATIONS["describe"] = describe
