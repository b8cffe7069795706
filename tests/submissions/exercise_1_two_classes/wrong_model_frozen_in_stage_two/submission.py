# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    if unfrozen_layers > len(counted):
        raise ValueError(f"only {len(counted)} layers")
    model.trainable = False
    for layer in backbone.layers:
        layer.trainable = False
    for layer in counted[len(counted) - unfrozen_layers :]:
        layer.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
