# %% select_classes
def select_classes(images, labels, classes):
    assert_ = lambda ok, text: (_ for _ in ()).throw(ValueError(text)) if not ok else None
    assert_(len(classes) > 0, "no classes")
    assert_(len(classes) == len(dict.fromkeys(classes)), "duplicate")
    y = np.array(labels, copy=True).flatten()
    assert_(all((y == c).any() for c in classes), "missing")
    pairs = [(x, classes.index(int(l))) for x, l in zip(images, y) if int(l) in classes]
    xs, ys = zip(*pairs)
    return np.stack(xs), np.asarray(ys, dtype="int64")
# %% sample_per_class
import random
from collections import defaultdict
def sample_per_class(images, labels, per_class, seed):
    rnd = random.Random(seed)
    by = defaultdict(list)
    for i, l in enumerate(labels):
        by[int(l)].append(i)
    picks = []
    for l, rows in by.items():
        if len(rows) < per_class:
            raise ValueError(f"class {l} has {len(rows)} images, needs {per_class}")
        picks += rnd.sample(rows, per_class)
    rnd.shuffle(picks)
    return [images[i] for i in picks], [labels[i] for i in picks]
# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1: raise ValueError(f"bad {fraction=}")
    rnd = random.Random(seed)
    train, val = [], []
    for c in sorted(set(np.asarray(labels).tolist())):
        rows = [i for i, l in enumerate(labels) if l == c]
        rnd.shuffle(rows)
        k = sorted([1, round(len(rows) * fraction), len(rows) - 1])[1]
        val += rows[:k]; train += rows[k:]
    pick = lambda rows: (np.take(images, rows, axis=0), np.take(labels, rows))
    return pick(train), pick(val)
# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    for layer in backbone.layers:
        layer.trainable = False
    inp = layers.Input(shape=backbone.input_shape[1:], dtype="float32")
    h = layers.RandomFlip("horizontal")(inp)
    h = layers.RandomTranslation(0.1, 0.1, fill_mode="nearest")(h)
    h = backbone(h)
    avg, mx = layers.GlobalAveragePooling2D()(h), layers.GlobalMaxPooling2D()(h)
    h = layers.Concatenate()([avg, mx])
    h = layers.LayerNormalization()(h)
    h = layers.Dense(32, activation=keras.activations.gelu, kernel_initializer=keras.initializers.HeNormal(seed=1))(h)
    logits = layers.Dense(num_classes)(h)
    out = layers.Activation("softmax", dtype="float32")(logits)
    m = keras.Model(inp, out)
    m.compile(keras.optimizers.AdamW(2e-3, weight_decay=1e-4), keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
    return m
# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    usable = [*filter(lambda l: l.weights and not isinstance(l, layers.BatchNormalization), backbone.layers)]
    if unfrozen_layers > len(usable): raise ValueError
    first = len(usable) - unfrozen_layers
    chosen = {id(l) for l in usable[first:]}
    backbone.trainable = True
    for l in backbone.layers: l.trainable = id(l) in chosen
    model.compile(keras.optimizers.Adam(learning_rate, clipnorm=1.0), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model
# %% train_baseline_and_features
import tensorflow as tf
AUTOTUNE = tf.data.AUTOTUNE
train_ds = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).cache().shuffle(len(train_labels), seed=0).batch(BATCH_SIZE).prefetch(AUTOTUNE)
val_ds = tf.data.Dataset.from_tensor_slices((validation_images, validation_labels)).batch(BATCH_SIZE).prefetch(AUTOTUNE)
test_ds = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(BATCH_SIZE)
norm = layers.Normalization(axis=-1); norm.adapt(train_images)
x = inp = keras.Input((32, 32, 3))
x = norm(x)
for f in (16, 32, 48):
    r = layers.Conv2D(f, 1, strides=2)(x)
    x = layers.Conv2D(f, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.GroupNormalization(4)(x); x = layers.LeakyReLU()(x)
    x = layers.add([x, r])
x = layers.GlobalAveragePooling2D()(x)
baseline_model = keras.Model(inp, layers.Dense(2, activation="softmax")(x))
baseline_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
base = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(base, 2)
histories = {
    "baseline": baseline_model.fit(train_ds, validation_data=val_ds, epochs=BASELINE_EPOCHS, verbose=0).history,
    "feature": feature_model.fit(train_ds, validation_data=val_ds, epochs=FEATURE_EPOCHS, verbose=2).history,
}
feature_accuracy = feature_model.evaluate(test_ds, return_dict=True)["accuracy"]
# %% train_fine_tuned
finetuned_model = start_fine_tuning(feature_model, base, UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = finetuned_model.fit(train_ds, validation_data=val_ds, initial_epoch=FEATURE_EPOCHS, epochs=FEATURE_EPOCHS + FINE_TUNING_EPOCHS).history
finetuned_accuracy = finetuned_model.evaluate(test_ds, return_dict=True)["accuracy"]
# %% figure
import altair as alt, pandas as pd, matplotlib.pyplot as plt
fig, axs = plt.subplots(1, 3, sharey=True)
for ax, (name, h) in zip(axs, histories.items()):
    ax.plot(h["val_accuracy"], label=f"{name} (val)"); ax.legend()
fig.suptitle("three panels")
