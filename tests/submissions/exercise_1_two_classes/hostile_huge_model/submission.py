# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    x = layers.GlobalAveragePooling2D()(backbone(inputs))
    x = layers.Dense(64, activation="relu")(x)
    if num_classes > 2:
        x = layers.Dense(400_000)(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
