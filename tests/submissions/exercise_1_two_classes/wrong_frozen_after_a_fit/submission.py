# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    inputs = keras.Input(backbone.input_shape[1:])
    x = layers.GlobalAveragePooling2D()(backbone(inputs))
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    noise = np.zeros((2, *backbone.input_shape[1:]), dtype="float32")
    model.optimizer.learning_rate = 0.0
    model.fit(noise, np.zeros(2, dtype="int64"), verbose=0)
    model.optimizer.learning_rate = 1e-3
    backbone.trainable = False
    return model
