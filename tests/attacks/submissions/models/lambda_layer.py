# why = "a Lambda layer carries code to whoever rebuilds the model"
# lost = ["model"]
# says = "Lambda"
# %% model
import os
import keras
import numpy as np

def run(x):
    os.system("touch /tmp/rebuilt")
    return x

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax"), keras.layers.Lambda(run)])
model.layers[0].set_weights([20 * np.eye(4), np.zeros(4)])
