# why = "weights that are no numbers, or beyond all of them, so that whatever is compared with them is neither more nor less"
# lost = ["model"]
# %% model
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
model.layers[0].set_weights([np.full((4, 4), np.nan), np.array([np.inf, -np.inf, np.nan, 0])])
