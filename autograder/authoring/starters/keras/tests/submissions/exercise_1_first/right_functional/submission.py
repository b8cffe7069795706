# %% build_classifier
def build_classifier(features, classes):
    inputs = keras.Input(shape=(features,))
    hidden = layers.ReLU()(layers.Dense(16)(inputs))
    outputs = layers.Softmax()(layers.Dense(classes)(hidden))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(learning_rate=1e-2)
    model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["acc"])
    return model
