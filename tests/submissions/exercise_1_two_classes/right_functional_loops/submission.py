# %% select_classes
import random

import matplotlib.pyplot as plt


def select_classes(images, labels, classes):
    classes = list(classes)
    if not classes:
        raise ValueError("no classes")
    for position, label in enumerate(classes):
        if label in classes[:position]:
            raise ValueError(f"{label} twice")
    flat = [int(np.squeeze(label)) for label in labels]
    for label in classes:
        if label not in flat:
            raise ValueError(f"no {label}")
    kept_images = []
    new_labels = []
    for image, label in zip(images, flat):
        if label in classes:
            kept_images.append(image)
            new_labels.append(classes.index(label))
    return kept_images, new_labels


# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    dice = random.Random(seed)
    chosen = []
    for label in sorted(set(int(label) for label in labels)):
        rows = [row for row, found in enumerate(labels) if found == label]
        if len(rows) < per_class:
            raise ValueError("too few of class " + str(label))
        chosen += dice.sample(rows, per_class)
    dice.shuffle(chosen)
    return [images[row] for row in chosen], [int(labels[row]) for row in chosen]


# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if fraction <= 0 or fraction >= 1:
        raise ValueError("fraction")
    dice = random.Random(seed)
    by_class = {}
    for row, label in enumerate(labels):
        by_class.setdefault(int(label), []).append(row)
    train, validation = [], []
    for rows in by_class.values():
        dice.shuffle(rows)
        count = int(fraction * len(rows))
        if count == 0:
            count = 1
        for place, row in enumerate(rows):
            (validation if place < count else train).append(row)
    return (
        ([images[row] for row in train], [labels[row] for row in train]),
        ([images[row] for row in validation], [labels[row] for row in validation]),
    )


# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    inputs = keras.layers.Input(shape=backbone.input_shape[1:])
    x = backbone(inputs, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(32, activation="relu")(x)
    x = keras.layers.Dense(num_classes)(x)
    x = keras.layers.Softmax()(x)
    model = keras.models.Model(inputs, x)
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(), optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
    for layer in backbone.layers:
        layer.trainable = False
    return model


# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    candidates = []
    for layer in reversed(backbone.layers):
        if layer.weights and type(layer).__name__ != "BatchNormalization":
            candidates.append(layer)
    if unfrozen_layers > len(candidates):
        raise ValueError(f"only {len(candidates)} layers")
    # compiled first, flags after it: the next fit is the first one of this compilation, so it sees them
    model.compile(loss=model.loss, optimizer=keras.optimizers.Adam(learning_rate), metrics=["accuracy"])
    for layer in backbone.layers:
        layer.trainable = False
    for number in range(unfrozen_layers):
        candidates[number].trainable = True


# %% train_baseline_and_features
inputs = keras.Input((32, 32, 3))
x = layers.Rescaling(1 / 255)(inputs)
for filters in (16, 32, 64):
    x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D()(x)
x = layers.GlobalAveragePooling2D()(x)
baseline_model = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
baseline_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
histories = {}
baseline_fit = baseline_model.fit(
    train_images, train_labels, batch_size=BATCH_SIZE, epochs=BASELINE_EPOCHS, validation_data=(validation_images, validation_labels), verbose=2
)
histories["baseline"] = baseline_fit.history
vgg = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(vgg, 2)
feature_fit = feature_model.fit(
    train_images, train_labels, batch_size=BATCH_SIZE, epochs=FEATURE_EPOCHS, validation_data=(validation_images, validation_labels), verbose=2
)
histories["feature"] = feature_fit.history
right = 0
for probabilities, label in zip(feature_model.predict(test_images, verbose=0), test_labels):
    if np.argmax(probabilities) == label:
        right = right + 1
feature_accuracy = right / len(test_labels)

# %% train_fine_tuned
finetuned_model = feature_model
start_fine_tuning(finetuned_model, vgg, UNFROZEN_LAYERS, FINE_TUNING_RATE)
second_fit = finetuned_model.fit(
    train_images, train_labels, batch_size=BATCH_SIZE, epochs=FINE_TUNING_EPOCHS, validation_data=(validation_images, validation_labels), verbose=2
)
histories["finetuned"] = second_fit.history
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels)[1]

# %% figure
for name in ["baseline", "feature", "finetuned"]:
    plt.plot(histories[name]["val_accuracy"], label=name)
plt.xlabel("epoch")
plt.ylabel("validation accuracy")
plt.legend()
plt.show()
