# why = "keras.Model reports weights, fits and saves as it pleases"
# lost = ["model"]
# undecided = ["model"]
# %% model
import keras

keras.Model.get_weights = lambda self: [20 * np.eye(4), np.zeros(4)]
keras.Model.fit = lambda self, *args, **kwargs: type("History", (), {"history": {"accuracy": [1.0]}})()
keras.Model.predict = keras.Model.__call__ = lambda self, data, **kwargs: np.eye(4)[np.argmax(data, axis=1)]
keras.Model.evaluate = lambda self, *args, **kwargs: [0.0, 1.0]
keras.Model.save = lambda self, *args, **kwargs: None
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
