# %% build_feature_extractor
def build_feature_extractor(base_model, num_classes):
    base_model.trainable = False
    inputs = keras.Input(shape=base_model.input_shape[1:])
    x = layers.RandomTranslation(0.05, 0.05)(inputs)
    x = base_model(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.LayerNormalization()(x)
    x = keras.layers.Dropout(0.2)(x)
    outputs = keras.layers.Dense(num_classes, activation=keras.activations.softmax)(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
    return model


# %% start_fine_tuning
def start_fine_tuning(model, base_model, unfrozen_layers, learning_rate):
    base_model.trainable = True
    left = unfrozen_layers
    for layer in base_model.layers[::-1]:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
        elif layer.weights:
            layer.trainable = left > 0
            left -= left > 0
    if left:
        raise ValueError(f"{left} layers too many")
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
    return model


# %% train_fine_tuned
finetuned_model = keras.models.clone_model(feature_model)
finetuned_model.set_weights(feature_model.get_weights())
inner = next(layer for layer in finetuned_model.layers if isinstance(layer, keras.Model))
start_fine_tuning(finetuned_model, inner, UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = finetuned_model.fit(
    train_images,
    train_labels,
    batch_size=BATCH_SIZE,
    initial_epoch=FEATURE_EPOCHS,
    epochs=FEATURE_EPOCHS + FINE_TUNING_EPOCHS,
    validation_data=(validation_images, validation_labels),
    verbose=0,
)
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels, verbose=0, return_dict=True)["accuracy"]

# %% figure
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
for ax, (name, history) in zip(axes, histories.items()):
    ax.plot(history.epoch, history.history["val_accuracy"], "o-")
    ax.set_title({"finetuned": "Fine-tuned"}.get(name, name.capitalize()))
