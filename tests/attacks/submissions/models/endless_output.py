# why = "a model of few parameters whose output fills all memory"
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
    place, graph = config["model"], config["objects"][config["model"]]["graph"]
    for n, (kind, more) in enumerate([("RepeatVector", {"n": 100_000}), ("Flatten", {}), ("RepeatVector", {"n": 100_000})]):
        layer = {"module": "keras.layers", "class_name": kind, "config": {"name": f"r{n}", **more}, "registered_name": None}
        config["objects"].insert(place + n, {"layer": layer, "variables": [], "names": [], "flags": [True], "state": []})
        args = {"list": [{"tensor": [len(graph["nodes"]) - 1, 0]}]}
        graph["nodes"].append({"object": place + n, "args": args, "kwargs": {"dict": {}}})
        graph["outputs"] = {"tensor": [len(graph["nodes"]) - 1, 0]}
    config["model"] = place + 3
    answer["description"] = json.dumps(config)
    return answer, arrays

probe._OPERATIONS["describe"] = describe
