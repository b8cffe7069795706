"""Right answers to exercise 1 in styles of their own; `python -m tests.cases tests/right_answers` mixes them."""

# %% select_classes
def select_classes(images, labels, classes):
    wanted = [int(c) for c in classes]
    flat = [int(v) for v in np.ravel(labels)]
    if not wanted or any(wanted.count(c) > 1 or c not in flat for c in wanted):
        raise ValueError("bad list of classes: {}".format(wanted))
    rows, new = [], []
    for row, label in enumerate(flat):
        if label in wanted:
            rows.append(row)
            new.append(wanted.index(label))
    return np.take(images, rows, axis=0), np.array(new, dtype="int64")

# %% select_classes
import pandas as pd

def select_classes(images, labels, classes):
    s = pd.Series(np.asarray(labels).ravel())
    order = pd.Series(range(len(classes)), index=list(classes))
    if order.empty or not order.index.is_unique or not order.index.isin(s.unique()).all():
        raise ValueError("classes must be present, and each named once")
    new = s.map(order)
    kept = new.notna().to_numpy()
    return images[kept], new[kept].astype(np.int64).to_numpy()

# %% select_classes
from sklearn.preprocessing import LabelBinarizer

def select_classes(images, labels, classes):
    if len(classes) == 0 or len(np.unique(classes)) < len(classes):
        raise ValueError("classes is empty or names a class twice")
    flat = np.asarray(labels).ravel()
    if set(classes) - set(LabelBinarizer().fit(flat).classes_.tolist()):
        raise ValueError("some class has no image")
    mask = np.isin(flat, list(classes))
    by_value = np.argsort(classes)
    return images[mask], by_value[np.searchsorted(np.sort(classes), flat[mask])].astype(np.int64)

# %% select_classes
from collections.abc import Sequence

def select_classes(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Vergleich mit Broadcasting: eine Spalte je Klasse."""
    hits = np.asarray(labels).reshape(-1)[:, None] == np.asarray(classes)[None, :]
    if hits.shape[1] == 0:
        raise ValueError("keine Klasse angegeben")
    if len(frozenset(classes)) != len(classes):
        raise ValueError("eine Klasse kommt doppelt vor")
    if not hits.any(axis=0).all():
        raise ValueError("eine Klasse fehlt in labels")
    kept = hits.any(axis=1)
    return images[kept], hits[kept].argmax(axis=1).astype(np.int64)

# %% select_classes
import tensorflow as tf

def select_classes(images, labels, classes):
    y = tf.reshape(tf.cast(labels, tf.int64), [-1])
    if len(classes) < 1 or len(classes) > len(set(classes)):
        raise ValueError("classes")
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant(list(classes), tf.int64), tf.range(len(classes), dtype=tf.int64)
        ),
        -1,
    )
    new = table.lookup(y).numpy()
    if set(new[new >= 0].tolist()) != set(range(len(classes))):
        raise ValueError("a class does not occur")
    return images[new >= 0], new[new >= 0]

# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    rng = np.random.RandomState(seed)
    order = rng.permutation(len(labels))
    left = {c: per_class for c in set(np.asarray(labels).tolist())}
    picked = []
    for row in order:
        c = int(labels[row])
        if left[c] > 0:
            left[c] -= 1
            picked.append(row)
    for c, missing in left.items():
        if missing:
            raise ValueError("class %d has too few images" % c)
    return images[picked], labels[picked]

# %% sample_per_class
import pandas as pd

def sample_per_class(images, labels, per_class, seed):
    counts = pd.Series(labels).value_counts()
    small = counts[counts < per_class]
    if len(small):
        raise ValueError(f"not enough images of class {small.index[0]}: {small.iloc[0]}")
    frame = pd.DataFrame({"label": labels})
    rows = frame.groupby("label").sample(n=per_class, random_state=seed).sample(frac=1, random_state=seed + 1).index
    return images[rows], labels[rows]

# %% sample_per_class
import random

def sample_per_class(images, labels, per_class, seed):
    dice = random.Random(seed)
    by_class = {}
    for i, label in enumerate(labels):
        by_class.setdefault(int(label), []).append(i)
    too_small = [c for c, found in by_class.items() if len(found) < per_class]
    if too_small:
        raise ValueError(f"class {too_small[0]} is too small")
    rows = sum((dice.sample(found, per_class) for found in by_class.values()), [])
    dice.shuffle(rows)
    return np.stack([images[i] for i in rows]), np.array([labels[i] for i in rows])

# %% sample_per_class
from sklearn.utils import resample, shuffle

def sample_per_class(images, labels, per_class, seed):
    parts = []
    for c in np.unique(labels):
        rows, = np.where(labels == c)
        if rows.size < per_class:
            raise ValueError("class " + str(c))
        parts.append(resample(rows, replace=False, n_samples=per_class, random_state=seed))
    return shuffle(images[np.hstack(parts)], labels[np.hstack(parts)], random_state=seed)

# %% sample_per_class
class Sampler:
    """Keeps a generator, and hands out rows."""

    def __init__(self, seed):
        self.rng = np.random.Generator(np.random.PCG64(seed))

    def rows(self, labels, label, count):
        rows = np.argwhere(labels == label).ravel()
        if count > rows.size:
            raise ValueError(f"class {label}: {rows.size} < {count}")
        self.rng.shuffle(rows)
        return rows[:count]

def sample_per_class(images, labels, per_class, seed):
    sampler = Sampler(seed)
    rows = np.concatenate([sampler.rows(labels, label, per_class) for label in np.unique(labels)])
    sampler.rng.shuffle(rows)
    return images[rows], labels[rows]

# %% split_train_validation
from sklearn.model_selection import train_test_split

def split_train_validation(images, labels, fraction, seed):
    if fraction <= 0 or fraction >= 1:
        raise ValueError("fraction must lie strictly between 0 and 1")
    training, held = [], []
    for i, c in enumerate(np.unique(labels)):
        rows = np.flatnonzero(labels == c)
        count = int(np.clip(round(fraction * len(rows)), 1, len(rows) - 1))
        a, b = train_test_split(rows, test_size=count, random_state=seed + i)
        training += list(a)
        held += list(b)
    return (images[training], labels[training]), (images[held], labels[held])

# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not (0.0 < fraction < 1.0):
        raise ValueError(fraction)
    rng = np.random.default_rng(seed)
    is_validation = np.zeros(len(labels), dtype=bool)
    for c in set(labels.tolist()):
        rows = np.nonzero(labels == c)[0]
        k = max(1, min(len(rows) - 1, int(len(rows) * fraction)))
        is_validation[rng.choice(rows, k, replace=False)] = True
    return (images[~is_validation], labels[~is_validation]), (images[is_validation], labels[is_validation])

# %% split_train_validation
import math

def split_train_validation(images, labels, fraction, seed):
    if fraction >= 1 or fraction <= 0:
        raise ValueError("fraction")
    order = np.random.default_rng([seed, 7]).permutation(len(labels))
    seen, totals = {}, {int(c): int(n) for c, n in zip(*np.unique(labels, return_counts=True))}
    parts = ([], [])
    for row in order.tolist():
        c = int(labels[row])
        place = seen[c] = seen.get(c, 0) + 1
        held = min(max(math.ceil(fraction * totals[c]), 1), totals[c] - 1)
        parts[place <= held].append(row)
    training, validation = (np.array(p) for p in parts)
    return (images[training], labels[training]), (images[validation], labels[validation])

# %% split_train_validation
import pandas as pd

def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("between 0 and 1, please")
    rows = pd.Series(np.arange(len(labels))).sample(frac=1, random_state=seed)
    y = pd.Series(labels).iloc[rows]
    rank = y.groupby(y).cumcount()
    size = y.groupby(y).transform("size")
    cut = (size * fraction).round().clip(lower=1).combine(size - 1, min)
    held = (rank < cut).to_numpy()
    a, b = y.index[~held].to_numpy(), y.index[held].to_numpy()
    return (images[a], labels[a]), (images[b], labels[b])

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    for layer in backbone.layers:
        layer.trainable = False
    model = keras.models.Sequential()
    model.add(backbone)
    model.add(layers.GlobalMaxPool2D())
    model.add(layers.Dense(128))
    model.add(layers.LeakyReLU())
    model.add(layers.Dense(num_classes, activation=keras.activations.softmax))
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model

# %% build_feature_extractor
import tensorflow as tf

def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    x = tf.keras.layers.GlobalAveragePooling2D()(backbone.output)
    x = tf.keras.layers.LayerNormalization()(x)
    x = tf.keras.layers.Dense(num_classes, kernel_regularizer=tf.keras.regularizers.l2(1e-4))(x)
    x = tf.keras.layers.Softmax()(x)
    model = tf.keras.models.Model(inputs=backbone.input, outputs=x)
    model.compile(
        optimizer=tf.keras.optimizers.RMSprop(learning_rate=0.002),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=False),
        metrics=[tf.keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model

# %% build_feature_extractor
class ExtractorBuilder:
    """Builds heads, as objects do."""

    augmentation = ("horizontal",)

    def __init__(self, backbone):
        self.backbone = backbone
        self.backbone.trainable = False

    def head(self, features, num_classes):
        average, most = layers.GlobalAveragePooling2D()(features), layers.GlobalMaxPooling2D()(features)
        x = layers.Concatenate()([average, most])
        x = layers.BatchNormalization()(x)
        return layers.Dense(num_classes, activation="softmax", name="predictions")(x)

    def build(self, num_classes):
        inputs = keras.Input((*self.backbone.input_shape[1:3], 3))
        x = layers.RandomFlip(*self.augmentation)(inputs)
        model = keras.Model(inputs, self.head(self.backbone(x, training=False), num_classes))
        model.compile(keras.optimizers.AdamW(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

def build_feature_extractor(backbone, num_classes):
    return ExtractorBuilder(backbone).build(num_classes)

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.layers.Input(shape=backbone.input_shape[1:], name="bild")
    maps = backbone(inputs)
    maps = layers.Conv2D(32, 1, activation="relu", name="verdichten")(maps)
    weights = layers.Conv2D(1, 1, activation="sigmoid", name="aufmerksamkeit")(maps)
    pooled = layers.GlobalAveragePooling2D()(layers.Multiply()([maps, weights]))
    pooled = keras.ops.log(1.0 + keras.ops.abs(pooled))
    outputs = layers.Dense(num_classes, activation="softmax", dtype="float32", name="klassen")(pooled)
    model = keras.Model(inputs=inputs, outputs=outputs, name="merkmale")
    model.compile(
        loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Nadam(learning_rate=3e-3), metrics=["accuracy"]
    )
    return model

# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    names = [l.name for l in backbone.layers if len(l.get_weights()) and l.__class__.__name__ != "BatchNormalization"]
    if unfrozen_layers > len(names):
        raise ValueError("too many layers")
    chosen = set(names[::-1][:unfrozen_layers])
    backbone.trainable = True
    for l in backbone.layers:
        l.trainable = l.name in chosen
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model

# %% start_fine_tuning
import tensorflow as tf

def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    is_norm = lambda layer: isinstance(layer, tf.keras.layers.BatchNormalization)
    total = sum(bool(layer.weights) and not is_norm(layer) for layer in backbone.layers)
    if unfrozen_layers > total:
        raise ValueError(f"{unfrozen_layers} > {total}")
    backbone.trainable = True
    remaining = unfrozen_layers
    for layer in reversed(backbone.layers):
        counts = bool(layer.weights) and not is_norm(layer)
        layer.trainable = counts and remaining > 0
        remaining -= counts
    model.compile(
        tf.keras.optimizers.SGD(learning_rate, momentum=0.9),
        tf.keras.losses.SparseCategoricalCrossentropy(),
        metrics=[tf.keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )

# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    countable = list(filter(lambda l: l.weights and not isinstance(l, layers.BatchNormalization), backbone.layers))
    first = len(countable) - unfrozen_layers
    if first < 0:
        raise ValueError(f"only {len(countable)} layers can be unfrozen")
    backbone.trainable = False
    backbone.trainable = True
    for l in backbone.layers:
        l.trainable = False
    for l in countable[first:]:
        l.trainable = True
    settings = dict(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=float(learning_rate), clipnorm=1.0), **settings)
    return model

# %% train_baseline_and_features
inputs = keras.Input((32, 32, 3))
x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(inputs)
for filters in (16, 32):
    x = layers.SeparableConv2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPool2D()(x)
baseline_model = keras.Model(inputs, layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(x)))
baseline_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
held = (validation_images, validation_labels)
pretrained = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(pretrained, 2)
histories = {
    "baseline": baseline_model.fit(
        x=train_images, y=train_labels, batch_size=BATCH_SIZE, epochs=BASELINE_EPOCHS, validation_data=held, verbose=2
    ).history,
    "feature": feature_model.fit(
        x=train_images, y=train_labels, batch_size=BATCH_SIZE, epochs=FEATURE_EPOCHS, validation_data=held, verbose=2
    ).history,
}
feature_accuracy = float(np.mean(np.argmax(feature_model.predict(test_images), axis=-1) == test_labels))

# %% train_baseline_and_features
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE
train_ds = (
    tf.data.Dataset.from_tensor_slices((train_images, train_labels))
    .shuffle(len(train_images), seed=1)
    .batch(BATCH_SIZE)
    .prefetch(AUTOTUNE)
)
validation_ds = tf.data.Dataset.from_tensor_slices((validation_images, validation_labels)).batch(50)
test_ds = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(100)
baseline_model = tf.keras.Sequential([
    tf.keras.layers.Input(shape=(32, 32, 3)),
    tf.keras.layers.Rescaling(1.0 / 255),
    tf.keras.layers.Conv2D(8, (5, 5), strides=2, activation="relu"),
    tf.keras.layers.Conv2D(16, (3, 3), activation="relu"),
    tf.keras.layers.GlobalMaxPooling2D(),
    tf.keras.layers.Dense(2, activation="softmax"),
])
baseline_model.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
histories = dict()
histories["baseline"] = baseline_model.fit(train_ds, epochs=BASELINE_EPOCHS, validation_data=validation_ds, verbose=0)
pretrained = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(pretrained, num_classes=2)
histories["feature"] = feature_model.fit(train_ds, epochs=FEATURE_EPOCHS, validation_data=validation_ds, verbose=0)
_, feature_accuracy = feature_model.evaluate(test_ds, verbose=0)

# %% train_baseline_and_features
class Experiment:
    """Trains one model, and keeps its history."""

    def __init__(self, model, epochs):
        self.model, self.epochs = model, epochs

    def run(self):
        stop = keras.callbacks.TerminateOnNaN()
        log = keras.callbacks.CSVLogger("/tmp/log.csv", append=True)
        self.history = self.model.fit(
            train_images,
            train_labels,
            batch_size=BATCH_SIZE,
            epochs=self.epochs,
            validation_data=(validation_images, validation_labels),
            callbacks=[stop, log],
            verbose="auto",
        )
        return self

def small_cnn():
    net = keras.Sequential(name="baseline")
    net.add(keras.Input((32, 32, 3)))
    net.add(layers.Rescaling(1 / 255))
    net.add(layers.RandomTranslation(0.05, 0.05))
    for width in (12, 24, 48):
        net.add(layers.Conv2D(width, 3, activation="elu", kernel_initializer="he_normal", padding="same"))
        net.add(layers.AveragePooling2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(2))
    net.add(layers.Activation("softmax"))
    net.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(2e-3), metrics=["accuracy"])
    return net

pretrained = transferlab.load_backbone(BACKBONE)
experiments = {
    "baseline": Experiment(small_cnn(), BASELINE_EPOCHS).run(),
    "feature": Experiment(build_feature_extractor(pretrained, 2), FEATURE_EPOCHS).run(),
}
histories = {name: done.history for name, done in experiments.items()}
baseline_model, feature_model = experiments["baseline"].model, experiments["feature"].model
feature_accuracy = dict(zip(feature_model.metrics_names, feature_model.evaluate(test_images, test_labels, verbose=0)))
feature_accuracy = list(feature_accuracy.values())[1]

# %% train_fine_tuned
tuned = start_fine_tuning(feature_model, pretrained, UNFROZEN_LAYERS, FINE_TUNING_RATE)
finetuned_model = feature_model
histories["finetuned"] = finetuned_model.fit(
    train_images,
    train_labels,
    batch_size=BATCH_SIZE,
    epochs=FEATURE_EPOCHS + FINE_TUNING_EPOCHS,
    initial_epoch=FEATURE_EPOCHS,
    validation_data=(validation_images, validation_labels),
    verbose=0,
)
finetuned_accuracy = round(finetuned_model.evaluate(test_images, test_labels, verbose=0)[1], 4)

# %% train_fine_tuned
start_fine_tuning(feature_model, pretrained, UNFROZEN_LAYERS, FINE_TUNING_RATE)
finetuned_model = feature_model
training = finetuned_model.fit(
    train_images, train_labels, BATCH_SIZE, FINE_TUNING_EPOCHS, 0, validation_data=[validation_images, validation_labels]
)
histories["finetuned"] = {key: list(map(float, values)) for key, values in training.history.items()}
from sklearn.metrics import accuracy_score
finetuned_accuracy = accuracy_score(test_labels, finetuned_model.predict(test_images, verbose=0).argmax(1))

# %% figure
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7, 4))
for (name, h), style in zip(histories.items(), ["-", "--", ":"]):
    values = h["val_accuracy"] if isinstance(h, dict) else h.history["val_accuracy"]
    ax.plot(np.arange(1, len(values) + 1), values, style, label=name)
ax.set(xlabel="Epoche", ylabel="Genauigkeit (Validierung)", title="Drei Modelle im Vergleich")
ax.legend(loc="best")
plt.show()

# %% figure
import pandas as pd
import seaborn as sns

frames = []
for name, h in histories.items():
    values = getattr(h, "history", h)["val_accuracy"]
    frames.append(pd.DataFrame({"epoch": range(1, len(values) + 1), "validation accuracy": values, "model": name}))
sns.set_theme()
sns.relplot(data=pd.concat(frames), x="epoch", y="validation accuracy", hue="model", kind="line", marker="o")

# %% figure
import plotly.express as px
import pandas as pd

rows = [
    {"epoch": i + 1, "val_accuracy": v, "model": name}
    for name, h in histories.items()
    for i, v in enumerate(getattr(h, "history", h)["val_accuracy"])
]
px.line(pd.DataFrame(rows), x="epoch", y="val_accuracy", color="model", title="Validation accuracy")

# %% figure
import altair as alt
import pandas as pd

rows = [
    (name, i, float(v)) for name, h in histories.items() for i, v in enumerate(getattr(h, "history", h)["val_accuracy"])
]
alt.Chart(pd.DataFrame(rows, columns=["Modell", "Epoche", "Genauigkeit"])).mark_line(point=True).encode(
    x="Epoche:Q", y=alt.Y("Genauigkeit:Q", scale=alt.Scale(zero=False)), color="Modell:N"
)

# %% figure
import matplotlib.pyplot as plt

plt.figure()
start = 0
for name in ("baseline", "feature", "finetuned"):
    curve = getattr(histories[name], "history", histories[name])["val_accuracy"]
    start = FEATURE_EPOCHS if name == "finetuned" else 0
    steps = range(start + 1, start + len(curve) + 1)
    plt.plot(steps, 100 * np.array(curve), marker=".")
    plt.annotate(name, (steps[-1], 100 * curve[-1]))
plt.ylabel("validation accuracy in %")
plt.xlabel("epoch")
plt.grid()
