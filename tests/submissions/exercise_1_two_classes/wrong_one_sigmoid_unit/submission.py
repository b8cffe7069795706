# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    x = layers.GlobalAveragePooling2D()(backbone(inputs))
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(1 if num_classes == 2 else num_classes, activation="sigmoid" if num_classes == 2 else "softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy" if num_classes == 2 else "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
