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

# %% select_classes
class Selector:
    def __init__(self, classes):
        self.place = {}
        for number in classes:
            if int(number) in self.place:
                raise ValueError("twice: %d" % number)
            self.place[int(number)] = len(self.place)
        if not self.place:
            raise ValueError("empty")

    def __contains__(self, label):
        return int(label) in self.place

    def check(self, labels):
        left = set(self.place)
        for label in labels:
            left.discard(int(label))
        if left:
            raise ValueError("not there: " + ", ".join(map(str, left)))

def select_classes(images, labels, classes):
    selector, column = Selector(classes), np.ravel(labels)
    selector.check(column)
    mask = np.array([label in selector for label in column])
    new = np.fromiter((selector.place[int(label)] for label in column if label in selector), dtype=np.int64)
    return images[mask], new

# %% select_classes
import tensorflow as tf

def select_classes(images, labels, classes):
    if len(set(classes)) < len(classes) or not classes:
        raise ValueError("classes")
    flat = tf.cast(tf.reshape(labels, (-1,)), tf.int64)
    hits = tf.equal(flat[:, None], tf.constant(list(classes), tf.int64)[None])
    if not bool(tf.reduce_all(tf.reduce_any(hits, 0))):
        raise ValueError("a class does not occur")
    keep = tf.reduce_any(hits, 1)
    return tf.boolean_mask(images, keep), tf.boolean_mask(tf.argmax(hits, 1), keep)

# %% select_classes
def select_classes(images, labels, classes):
    klassen = list(classes)
    if not klassen or len(klassen) > len(set(klassen)):
        raise ValueError("Klassen fehlen oder sind doppelt")
    marken = np.squeeze(np.asarray(labels), axis=1) if np.ndim(labels) == 2 else np.asarray(labels)
    treffer = marken[:, None] == np.array(klassen)[None, :]
    if not treffer.any(axis=0).all():
        raise ValueError("Eine der Klassen kommt nicht vor")
    bleibt = treffer.any(axis=1)
    return images[bleibt], treffer[bleibt].argmax(axis=1).astype("int64")

# %% select_classes
from keras import ops

def select_classes(images, labels, classes):
    flat = ops.reshape(ops.convert_to_tensor(np.asarray(labels).astype("int64")), (-1,))
    if not len(classes) or any(list(classes).count(c) > 1 for c in classes):
        raise ValueError("empty, or twice the same")
    hits = ops.stack([ops.equal(flat, int(c)) for c in classes])
    if not bool(ops.all(ops.any(hits, axis=1))):
        raise ValueError("a class is not there")
    rows = np.flatnonzero(ops.convert_to_numpy(ops.any(hits, axis=0)))
    return np.asarray(images)[rows], ops.convert_to_numpy(ops.argmax(hits, axis=0))[rows].astype(np.int64)

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

# %% sample_per_class
import pandas as pd

def sample_per_class(images, labels, per_class, seed):
    frame = pd.DataFrame({"label": np.asarray(labels, int)})
    sizes = frame["label"].value_counts()
    for label in sizes.index[sizes < per_class]:
        raise ValueError("too few of class " + str(label))
    rows = frame.groupby("label").sample(n=per_class, random_state=seed).sample(frac=1, random_state=seed + 1).index
    return images[rows], labels[rows]

# %% sample_per_class
import tensorflow as tf

def sample_per_class(images, labels, per_class, seed):
    keys = tf.random.stateless_uniform((len(labels),), seed=(seed, 1)).numpy()
    chosen = []
    for label in sorted(set(np.asarray(labels).tolist())):
        rows = [row for row in keys.argsort() if labels[row] == label]
        if len(rows) < per_class:
            raise ValueError(f"there are not {per_class} of {label}")
        chosen += rows[:per_class]
    chosen = tf.gather(chosen, tf.argsort(tf.random.stateless_uniform((len(chosen),), seed=(seed, 2))))
    return tf.gather(images, chosen), tf.gather(labels, chosen)

# %% sample_per_class
import random

def sample_per_class(images, labels, per_class, seed):
    zufall = random.Random(seed)
    nummern = {}
    for i, m in enumerate(labels):
        nummern.setdefault(int(m), []).append(i)
    gezogen = []
    for klasse, liste in sorted(nummern.items()):
        if len(liste) < per_class:
            raise ValueError(f"Klasse {klasse} hat nur {len(liste)} Bilder, verlangt sind {per_class}")
        gezogen += zufall.sample(liste, per_class)
    zufall.shuffle(gezogen)
    return np.stack([images[i] for i in gezogen]), np.array([labels[i] for i in gezogen])

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

# %% split_train_validation
import pandas as pd

def split_train_validation(images, labels, fraction, seed):
    if not (fraction > 0 and fraction < 1):
        raise ValueError(f"{fraction}")
    frame = pd.Series(np.asarray(labels, int)).sample(frac=1, random_state=seed)
    place = frame.groupby(frame).cumcount()
    size = frame.groupby(frame).transform("size")
    share = np.ceil(size * fraction).clip(lower=1)
    is_held = place < np.minimum(share, size - 1)
    train, val = frame.index[~is_held], frame.index[is_held]
    return (images[train], labels[train]), (images[val], labels[val])

# %% split_train_validation
import tensorflow as tf

def split_train_validation(images, labels, fraction, seed):
    if not tf.constant(0.0) < fraction < tf.constant(1.0):
        raise ValueError("no fraction")
    key = tf.random.stateless_uniform([len(labels)], (seed, seed + 1)).numpy()
    train, val = [], []
    for c in np.unique(labels):
        rows = sorted(np.flatnonzero(labels == c), key=lambda r: key[r])
        cut = min(max(int(np.rint(len(rows) * fraction)), 1), len(rows) - 1)
        val, train = val + rows[:cut], train + rows[cut:]
    return [[tf.gather(images, r), tf.gather(labels, r)] for r in (train, val)]

# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    import pandas as pd
    if fraction <= 0 or fraction >= 1:
        raise ValueError("fraction must be strictly between 0 and 1")
    frame = pd.DataFrame({"label": np.asarray(labels).ravel()})
    held = []
    for label, group in frame.groupby("label"):
        n = int(np.clip(np.round(len(group) * fraction), 1, len(group) - 1))
        held.extend(group.sample(n=n, random_state=np.random.RandomState((seed + 7919 * int(label)) % 2**32)).index)
    mask = np.zeros(len(frame), bool)
    mask[held] = True
    return (images[~mask], labels[~mask]), (images[mask], labels[mask])

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

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    chain = [layers.GlobalAveragePooling2D(), layers.LayerNormalization(), layers.Dense(24, "tanh")]
    chain.append(layers.Dense(num_classes, "softmax", kernel_initializer="zeros"))
    inp = layers.Input(batch_shape=(None, *backbone.input_shape[1:]))
    out = backbone(inp)
    for link in chain:
        out = link(out)
    model = keras.models.Model([inp], [out])
    schedule = keras.optimizers.schedules.ExponentialDecay(4e-3, 60, 0.9)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss=["sparse_categorical_crossentropy"], metrics=["accuracy"])
    return model

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    images = keras.Input(shape=backbone.inputs[0].shape[1:], dtype="float32")
    augmented = layers.RandomFlip("horizontal")(images)
    maps = backbone(layers.RandomTranslation(0.05, 0.05, fill_mode="nearest")(augmented), training=False)
    maps = layers.Conv2D(48, 1, activation="relu")(maps)
    row = keras.ops.mean(maps, axis=(1, 2))
    scores = layers.Dense(num_classes)(row)
    model = keras.Model(inputs=images, outputs=keras.ops.softmax(scores))
    model.compile(optimizer="nadam", loss="sparse_categorical_crossentropy", metrics=["acc", "accuracy"])
    return model

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    for layer in backbone.layers:
        layer.trainable = False
    x = layers.GlobalAveragePooling2D(name="gap")(backbone.output)
    x = layers.Dense(50, activation="relu", dtype="mixed_float16", name="hidden_half")(x)
    x = layers.Dense(num_classes, activation="softmax", dtype="float32", name="probabilities")(x)
    model = keras.Model(backbone.input, x)
    model.compile(keras.optimizers.Nadam(2e-3), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")])
    return model

# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    model = keras.Sequential(name="with_augmentation")
    model.add(keras.Input(backbone.input_shape[1:]))
    model.add(layers.RandomFlip("horizontal"))
    model.add(layers.RandomRotation(0.03))
    model.add(backbone)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes))
    model.add(layers.Softmax())
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

# %% build_feature_extractor
def smooth(y_true, y_pred):
    """Integer labels, and a little doubt about each."""
    wanted = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32"), y_pred.shape[-1])
    return keras.losses.categorical_crossentropy(wanted, y_pred, label_smoothing=0.05)

def build_feature_extractor(backbone, num_classes):
    for layer in backbone.layers:
        layer.trainable = False
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:], name="pictures")
    x = layers.RandomBrightness(0.05, value_range=(0, 255))(inputs)
    x = layers.Reshape((-1, backbone.output_shape[-1]))(backbone(x))
    x = x + layers.MultiHeadAttention(2, 8)(x, x)
    x = layers.GlobalAveragePooling1D()(layers.GroupNormalization(groups=1)(x))
    x = layers.Dense(48, activation="swish", kernel_initializer="he_normal")(x)
    model = keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="probabilities")(x))
    rate = keras.optimizers.schedules.CosineDecay(0.0, 500, warmup_target=3e-3, warmup_steps=20)
    accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
    model.compile(loss=smooth, optimizer=keras.optimizers.Lion(rate), metrics=[accuracy], steps_per_execution=2)
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

# %% start_fine_tuning
from itertools import islice

def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    def counts(layer):
        return len(layer.weights) > 0 and not isinstance(layer, keras.layers.BatchNormalization)

    last = list(islice(filter(counts, reversed(backbone.layers)), unfrozen_layers))
    if len(last) != unfrozen_layers:
        raise ValueError(f"asked for {unfrozen_layers} layers, there are {len(last)}")
    backbone.trainable = not backbone.trainable
    backbone.trainable = True
    [setattr(layer, "trainable", any(layer is one for one in last)) for layer in backbone.layers]
    adam = keras.optimizers.get({"class_name": "adam", "config": {"learning_rate": learning_rate}})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    model.compile(optimizer=adam, loss=loss, metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
    return model

# %% start_fine_tuning
def start_fine_tuning(model, backbone, unfrozen_layers, learning_rate):
    countable = [i for i, l in enumerate(backbone.layers) if l.weights and "BatchNormalization" != l.__class__.__name__]
    if unfrozen_layers > len(countable):
        raise ValueError("that many layers there are not")
    chosen = set(countable[len(countable) - unfrozen_layers:])
    backbone.trainable = True
    for i, l in enumerate(backbone.layers):
        l.trainable = i in chosen
    model.compile(keras.optimizers.Adam(learning_rate=learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
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

# %% train_baseline_and_features
entry = keras.Input((32, 32, 3))
y = layers.RandomFlip("horizontal")(entry)
y = layers.Rescaling(1 / 128, offset=-1)(y)
y = layers.Conv2D(12, 3, activation="relu")(y)
y = layers.MaxPooling2D(3)(y)
skip = layers.Conv2D(24, 1, padding="same")(y)
y = layers.Add()([layers.Conv2D(24, 3, padding="same", activation="relu")(y), skip])
baseline_model = keras.Model(entry, layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(y)))
baseline_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
pretrained = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(pretrained, 2)
histories, models = {}, {"baseline": (baseline_model, BASELINE_EPOCHS), "feature": (feature_model, FEATURE_EPOCHS)}
for name, (model, epochs) in models.items():
    parts = []
    for epoch in range(epochs):
        one = model.fit(
            train_images, train_labels, batch_size=BATCH_SIZE, initial_epoch=epoch, epochs=epoch + 1, verbose=0,
            validation_data=(validation_images, validation_labels),
        )
        parts.append(one.history)
    histories[name] = {key: [part[key][0] for part in parts] for key in parts[0]}
right = [int(np.argmax(p)) == t for p, t in zip(feature_model.predict(test_images, batch_size=100, verbose=0), test_labels)]
feature_accuracy = sum(right) / len(right)

# %% train_baseline_and_features
import pandas as pd
import tensorflow as tf

as_data = lambda x, y: tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH_SIZE).cache()
train_data, watch_data = as_data(train_images, train_labels), as_data(validation_images, validation_labels)
baseline_model = keras.models.Sequential()
baseline_model.add(keras.layers.InputLayer(shape=(32, 32, 3)))
baseline_model.add(layers.Rescaling(1.0 / 255.0))
for width, stride in ((8, 1), (16, 2), (32, 2)):
    baseline_model.add(layers.Conv2D(width, (3, 3), strides=stride, padding="same", use_bias=False))
    baseline_model.add(layers.BatchNormalization())
    baseline_model.add(layers.Activation("swish"))
baseline_model.add(layers.GlobalAveragePooling2D())
baseline_model.add(layers.Dense(units=2, activation="softmax"))
baseline_model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
pretrained = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(pretrained, 2)
h1 = baseline_model.fit(train_data.shuffle(13), validation_data=watch_data, epochs=BASELINE_EPOCHS, verbose=0)
h2 = feature_model.fit(train_data.shuffle(13), validation_data=watch_data, epochs=FEATURE_EPOCHS, verbose=0)
histories = {"baseline": pd.DataFrame(h1.history), "feature": pd.DataFrame(h2.history)}
measure = keras.metrics.SparseCategoricalAccuracy()
measure.update_state(test_labels, feature_model(test_images, training=False))
feature_accuracy = measure.result().numpy()

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

# %% train_fine_tuned
finetuned_model = start_fine_tuning(feature_model, pretrained, UNFROZEN_LAYERS, FINE_TUNING_RATE) or feature_model
records = [
    finetuned_model.fit(train_images, train_labels, validation_data=(validation_images, validation_labels), verbose=0).history
    for _ in range(FINE_TUNING_EPOCHS)
]
histories["finetuned"] = {key: sum((record[key] for record in records), []) for key in records[0]}
hits = np.equal(np.argmax(finetuned_model.predict(test_images, verbose=0), 1), test_labels)
finetuned_accuracy = hits.sum() / hits.size

# %% train_fine_tuned
feature_model.save("feature.keras")
finetuned_model = keras.models.load_model("feature.keras", compile=False)
start_fine_tuning(finetuned_model, finetuned_model.get_layer(pretrained.name), UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = finetuned_model.fit(
    x=train_images, y=train_labels, validation_data=(validation_images, validation_labels),
    batch_size=BATCH_SIZE, epochs=FINE_TUNING_EPOCHS, verbose=2,
)
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels, verbose=0, return_dict=True)["accuracy"]

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

# %% figure
from matplotlib.figure import Figure

figure = Figure(figsize=(6, 4))
axes = figure.add_subplot(xlabel="epochs", ylabel="accuracy")
for name, color in {"finetuned": "tab:red", "feature": "tab:blue", "baseline": "0.4"}.items():
    values = np.asarray(getattr(histories[name], "history", histories[name])["val_accuracy"])
    offset = 8 if name == "finetuned" else 0
    axes.step(np.arange(len(values)) + 1 + offset, values, color=color, where="mid")
    axes.text(len(values) + offset, values[-1], f" {name}", color=color)
figure

# %% figure
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
for name, verlauf in histories.items():
    werte = verlauf.history["val_accuracy"]
    beginn = FEATURE_EPOCHS if name == "finetuned" else 0
    ax.plot(range(beginn + 1, beginn + len(werte) + 1), [100 * w for w in werte], marker=".", label=name)
ax.set(xlabel="Epoche", ylabel="Genauigkeit in %")
ax.legend()
