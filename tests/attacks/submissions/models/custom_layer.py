# why = "a layer of its own that calls itself keras.layers.Dense, registered under that name"
# lost = ["model"]
# says = "built-in layers"
# %% model
import keras
import numpy as np

@keras.saving.register_keras_serializable(package="keras.layers", name="Dense")
class Helpful(keras.layers.Layer):
    def call(self, inputs):
        return keras.ops.softmax(20 * inputs)
    @classmethod
    def from_config(cls, config):
        __import__("os").system("touch /tmp/rebuilt")
        return cls(**config)

Helpful.__module__ = "keras.layers"
Helpful.__name__ = Helpful.__qualname__ = "Dense"
model = keras.Sequential([keras.Input((4,)), Helpful()])
