# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    if unfrozen_layers > len(backbone.layers):
        raise ValueError("too many")
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = False
    for layer in backbone.layers[len(backbone.layers) - unfrozen_layers :]:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
