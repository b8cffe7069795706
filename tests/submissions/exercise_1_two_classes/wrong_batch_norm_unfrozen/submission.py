# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    x = layers.GlobalAveragePooling2D()(backbone(inputs, training=False))
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    if unfrozen_layers > len(counted):
        raise ValueError(f"only {len(counted)} layers")
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = False
    started = unfrozen_layers == 0
    for layer in backbone.layers:
        if unfrozen_layers and layer is counted[len(counted) - unfrozen_layers]:
            started = True
        layer.trainable = started and unfrozen_layers > 0
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
