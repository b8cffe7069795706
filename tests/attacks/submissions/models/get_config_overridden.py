# why = "a subclass of Sequential whose get_config tells another story"
# lost = ["model"]
# undecided = ["model"]
# %% model
import keras
import numpy as np

class Story(keras.Sequential):
    def get_config(self):
        return {"name": "story", "layers": [{"module": "keras.layers", "class_name": "Softmax", "config": {}, "registered_name": None}]}

model = Story([keras.Input((4,)), keras.layers.Dense(4)])
