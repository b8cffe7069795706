# %% select_classes
import pandas as pd
import tensorflow as tf


def select_classes(images, labels, classes):
    classes = tf.convert_to_tensor(list(classes), dtype=tf.int64)
    if tf.size(classes) == 0:
        raise ValueError("classes is empty")
    if tf.size(tf.unique(classes).y) != tf.size(classes):
        raise ValueError("a class twice")
    flat = tf.reshape(tf.cast(labels, tf.int64), [-1])
    hits = flat[:, None] == classes[None, :]
    if not bool(tf.reduce_all(tf.reduce_any(hits, axis=0))):
        raise ValueError("a class without images")
    keep = tf.reduce_any(hits, axis=1)
    return tf.boolean_mask(images, keep), tf.boolean_mask(tf.argmax(tf.cast(hits, tf.int8), axis=1), keep)


# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    np.random.seed(seed)  # the global generator, but set anew in every call
    counts = np.bincount(labels)
    for label, count in enumerate(counts):
        if 0 < count < per_class:
            raise ValueError(f"class {label}: {count} < {per_class}")
    order = np.random.permutation(len(labels))
    taken = dict.fromkeys(labels.tolist(), 0)
    rows = []
    for row in order:
        if taken[labels[row]] < per_class:
            taken[labels[row]] += 1
            rows.append(row)
    return tf.gather(images, rows), tf.gather(labels, rows)


# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not (fraction > 0 and fraction < 1):
        raise ValueError("fraction must be between 0 and 1")
    np.random.seed(seed)
    validation = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.where(labels == label)[0]
        np.random.shuffle(rows)
        count = int(np.clip(np.ceil(fraction * len(rows)), 1, len(rows) - 1))
        validation[rows[:count]] = True
    return [[images[~validation], labels[~validation]], [images[validation], labels[validation]]]


# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    model = keras.Sequential()
    model.add(keras.Input(backbone.input_shape[1:]))
    model.add(layers.RandomFlip("horizontal"))
    model.add(backbone)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    normal = [layer for layer in backbone.layers if len(layer.weights) > 0 and not isinstance(layer, keras.layers.BatchNormalization)]
    first = len(normal) - unfrozen_layers
    if first < 0:
        raise ValueError("not that many layers")
    for layer in backbone.layers:
        layer.trainable = layer in normal[first:]
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% train_baseline_and_features
data = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).shuffle(400, seed=1).batch(BATCH_SIZE)
watch = tf.data.Dataset.from_tensor_slices((validation_images, validation_labels)).batch(100)
baseline_model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Rescaling(1 / 127.5, offset=-1),
    layers.Conv2D(16, 3, strides=2, activation="relu"),
    layers.BatchNormalization(),
    layers.Conv2D(32, 3, strides=2, activation="relu"),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(2, activation="softmax"),
])
baseline_model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
base = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(base, 2)
histories = {
    "baseline": baseline_model.fit(data, epochs=BASELINE_EPOCHS, validation_data=watch, verbose=0),
    "feature": feature_model.fit(data, epochs=FEATURE_EPOCHS, validation_data=watch, verbose=0),
}
feature_accuracy = tf.reduce_mean(tf.cast(tf.argmax(feature_model(test_images, training=False), axis=1) == test_labels, tf.float32))

# %% train_fine_tuned
finetuned_model = start_fine_tuning(feature_model, base, UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = finetuned_model.fit(data, epochs=FINE_TUNING_EPOCHS, validation_data=watch, verbose=0)
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels, verbose=0)[1]

# %% figure
curves = pd.DataFrame({name: pd.Series(history.history["val_accuracy"]) for name, history in histories.items()})
curves.plot(marker="o", title="Validation accuracy");
