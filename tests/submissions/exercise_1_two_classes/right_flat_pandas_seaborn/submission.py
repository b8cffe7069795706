# %% select_classes
import pandas as pd
import seaborn as sns


def select_classes(images, labels, classes):
    numbers = {label: number for number, label in enumerate(classes)}
    if len(numbers) != len(list(classes)) or not numbers:
        raise ValueError("classes must be different, and at least one")
    table = pd.Series(np.ravel(labels))
    if not set(numbers) <= set(table):
        raise ValueError("some class has no images")
    new = table.map(numbers).dropna()
    return images[new.index], new.astype("int64").to_numpy()


# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    table = pd.DataFrame({"label": labels})
    sizes = table.label.value_counts()
    if sizes.min() < per_class:
        raise ValueError(f"class {sizes.idxmin()} has {sizes.min()} images, fewer than {per_class}")
    rows = table.groupby("label").sample(per_class, random_state=seed).sample(frac=1, random_state=seed + 1).index
    return images[rows], labels[rows]


# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if fraction <= 0 or 1 <= fraction:
        raise ValueError(fraction)
    shuffled = pd.Series(labels).sample(frac=1, random_state=seed)
    rank = shuffled.groupby(shuffled).cumcount()
    size = shuffled.groupby(shuffled).transform("size")
    held = (fraction * size).round().clip(lower=1)
    held = held.where(held < size, size - 1)
    validation, train = shuffled.index[rank < held], shuffled.index[rank >= held]
    return (images[train], labels[train]), (images[validation], labels[validation])


# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    x = layers.Flatten()(backbone.output)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(backbone.input, x)
    backbone.trainable = False
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    with_weights = [layer for layer in backbone.layers if layer.weights]
    for layer in with_weights:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    with_weights = [layer for layer in with_weights if layer.trainable]
    if len(with_weights) < unfrozen_layers:
        raise ValueError("too many")
    for layer in with_weights[: len(with_weights) - unfrozen_layers]:
        layer.trainable = False
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


# %% train_baseline_and_features
def train_it(model, epochs):
    return model.fit(
        train_images,
        train_labels,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(validation_images, validation_labels),
        verbose=0,
    )


x = inputs = keras.Input((32, 32, 3))
x = inputs / 255.0 - 0.5
x = layers.SeparableConv2D(32, 3, activation="gelu")(x)
x = layers.MaxPooling2D()(x)
x = layers.SeparableConv2D(64, 3, activation="gelu")(x)
x = keras.ops.mean(x, axis=(1, 2))
baseline_model = keras.Model(inputs, keras.ops.softmax(layers.Dense(2)(x)))
baseline_model.compile("adam", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
first_backbone = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(first_backbone, 2)
histories = {"baseline": train_it(baseline_model, BASELINE_EPOCHS), "feature": train_it(feature_model, FEATURE_EPOCHS)}
feature_accuracy = np.mean(feature_model.predict(test_images, verbose=0).argmax(1) == test_labels)

# %% train_fine_tuned
# A second model, so that the first one stays as it is.
second_backbone = transferlab.load_backbone(BACKBONE)
finetuned_model = build_feature_extractor(second_backbone, 2)
finetuned_model.set_weights(feature_model.get_weights())
finetuned_model = start_fine_tuning(finetuned_model, second_backbone, UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = train_it(finetuned_model, FINE_TUNING_EPOCHS)
finetuned_accuracy = np.mean(finetuned_model.predict(test_images, verbose=0).argmax(1) == test_labels)

# %% figure
rows = [
    {"epoch": epoch, "accuracy": value, "model": name}
    for name, history in histories.items()
    for epoch, value in enumerate(history.history["val_accuracy"], start=1)
]
axes = sns.lineplot(pd.DataFrame(rows), x="epoch", y="accuracy", hue="model")
axes.set_title("three ways to 400 pictures")
