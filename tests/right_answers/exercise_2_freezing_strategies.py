"""Right answers to exercise 2 in styles of their own; `python -m tests.cases tests/right_answers` mixes them."""

# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if fraction < 0 or fraction > 1:
        raise ValueError("fraction must be in [0, 1]")
    names = [l.name for l in backbone.layers if l.weights and type(l) is not keras.layers.BatchNormalization]
    k = int(np.ceil(len(names) * fraction))
    learning = names[len(names) - k :] if k else []
    backbone.trainable = True
    for l in backbone.layers:
        l.trainable = l.name in learning
    return backbone

# %% unfreeze_fraction
from fractions import Fraction

class Thaw:
    """Walks from the last layer to the first."""

    def __init__(self, backbone):
        self.backbone = backbone
        self.counted = []
        for layer in backbone.layers[::-1]:
            if isinstance(layer, keras.layers.BatchNormalization) or layer.count_params() == 0:
                continue
            self.counted.append(layer)

    def __call__(self, share):
        wanted = -(-(share * len(self.counted)) // 1)
        self.backbone.trainable = False
        self.backbone.trainable = True
        for layer in self.backbone.layers:
            layer.trainable = False
        for position, layer in enumerate(self.counted):
            layer.trainable = position < wanted
        return self.backbone

def unfreeze_fraction(backbone, fraction):
    if not (0 <= fraction and fraction <= 1):
        raise ValueError(f"{fraction!r} is no share")
    return Thaw(backbone)(Fraction(fraction))

# %% unfreeze_fraction
import tensorflow as tf

def unfreeze_fraction(backbone: tf.keras.Model, fraction: float) -> tf.keras.Model:
    """Teil des Netzes auftauen."""
    if not 0.0 <= fraction <= 1.0:
        raise ValueError("fraction muss zwischen 0 und 1 liegen")
    mask = np.array(
        [bool(l.weights) and not isinstance(l, tf.keras.layers.BatchNormalization) for l in backbone.layers]
    )
    places = np.flatnonzero(mask)
    places = places[len(places) - math.ceil(fraction * len(places)) :]
    backbone.trainable = True
    for i, l in enumerate(backbone.layers):
        l.trainable = bool(i in places)
    return backbone

# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if np.clip(fraction, 0, 1) != fraction:
        raise ValueError("fraction outside of [0, 1]")
    s = pd.Series(backbone.layers)
    counts = s.map(lambda l: bool(l.weights) and not isinstance(l, layers.BatchNormalization))
    from_end = counts[::-1].cumsum()[::-1]
    learn = counts & (from_end <= math.ceil(counts.sum() * fraction))
    backbone.trainable = True
    for l, flag in zip(s, learn):
        l.trainable = bool(flag)
    return backbone

# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not (0.0 <= fraction <= 1.0):
        raise ValueError(fraction)
    is_counted = np.array([bool(l.weights) and type(l).__name__ != "BatchNormalization" for l in backbone.layers])
    total = int(is_counted.sum())
    rank = np.cumsum(is_counted)
    backbone.trainable = True
    for layer, counted, place in zip(backbone.layers, is_counted, rank):
        layer.trainable = bool(counted and place > total - math.ceil(total * fraction))
    return backbone

# %% count_parameters
def count_parameters(model):
    trainable = int(sum(np.prod(w.shape) for w in model.trainable_weights))
    frozen = int(sum(np.prod(w.shape) for w in model.non_trainable_weights))
    return {"trainable": trainable, "frozen": frozen}

# %% count_parameters
import tensorflow as tf

def count_parameters(model):
    count = lambda variables: sum(int(tf.size(v)) for v in variables)
    learning = {id(v) for v in model.trainable_weights}
    return dict(
        trainable=count(v for v in model.weights if id(v) in learning),
        frozen=count(v for v in model.weights if id(v) not in learning),
    )

# %% count_parameters
from collections import Counter

def count_parameters(model):
    counter = Counter(trainable=0, frozen=0)
    learn = [w.path for w in model.trainable_weights]
    for w in model.weights:
        is_learning = any(w is v for v in model.trainable_weights)
        counter["trainable" if is_learning else "frozen"] += w.numpy().size
    return dict(counter)

# %% count_parameters
def count_parameters(model):
    frame = pd.DataFrame([(id(w), int(np.prod(w.shape)), w.trainable) for w in model.weights], columns=["id", "n", "t"]).drop_duplicates("id")
    return {"trainable": int(frame.n[frame.t].sum()), "frozen": int(frame.n[~frame.t].sum())}

# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    x, y = training
    k = len(set(np.asarray(y).tolist()))
    table = {"fraction": [], "trainable": [], "val_accuracy": [], "seconds": []}
    best, best_model = -1.0, None
    for fraction in fractions:
        net = make_backbone()
        net.trainable = False
        model = keras.Sequential([net, layers.GlobalAveragePooling2D(), layers.Dense(k, activation="softmax")])
        model.compile(keras.optimizers.Adam(HEAD_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=head_epochs, batch_size=BATCH_SIZE, verbose=0)
        unfreeze_fraction(net, fraction)
        model.compile(keras.optimizers.Adam(FINE_TUNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
        t0 = time.perf_counter()
        h = model.fit(x, y, epochs=epochs, batch_size=BATCH_SIZE, validation_data=validation, verbose=0)
        t1 = time.perf_counter()
        accuracy = h.history["val_accuracy"][-1]
        for column, value in zip(table, (fraction, count_parameters(model)["trainable"], accuracy, t1 - t0)):
            table[column].append(value)
        if accuracy > best:
            best, best_model = accuracy, model
    return pd.DataFrame(table), best_model

# %% compare_strategies
import tensorflow as tf
from dataclasses import asdict, dataclass

@dataclass
class Row:
    fraction: float
    trainable: int
    val_accuracy: float
    seconds: float

class Strategy:
    def __init__(self, backbone, classes):
        self.backbone = backbone
        self.backbone.trainable = False
        inputs = tf.keras.Input(shape=backbone.input_shape[1:])
        x = tf.keras.layers.GlobalAveragePooling2D()(backbone(inputs, training=False))
        x = tf.keras.layers.Dropout(0.1)(x)
        x = tf.keras.layers.Dense(48, activation="gelu")(x)
        self.model = tf.keras.Model(inputs, tf.keras.layers.Dense(classes, activation="softmax")(x))

    def compile(self, rate):
        self.model.compile(
            optimizer=tf.keras.optimizers.Adam(learning_rate=rate),
            loss=tf.keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
        )

def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    train_ds = tf.data.Dataset.from_tensor_slices(training).shuffle(2000).batch(BATCH_SIZE).prefetch(1)
    held_ds = tf.data.Dataset.from_tensor_slices(validation).batch(64)
    rows, models = [], []
    for fraction in fractions:
        strategy = Strategy(make_backbone(), int(max(training[1])) + 1)
        strategy.compile(HEAD_RATE)
        strategy.model.fit(train_ds, epochs=head_epochs, verbose=0)
        unfreeze_fraction(strategy.backbone, fraction)
        strategy.compile(FINE_TUNING_RATE)
        begun = time.perf_counter()
        strategy.model.fit(train_ds, epochs=epochs, verbose=0)
        seconds = time.perf_counter() - begun
        accuracy = strategy.model.evaluate(held_ds, verbose=0, return_dict=True)["accuracy"]
        rows.append(asdict(Row(fraction, count_parameters(strategy.model)["trainable"], accuracy, seconds)))
        models.append(strategy.model)
    winner = max(range(len(rows)), key=lambda i: rows[i]["val_accuracy"])
    return rows, models[winner]

# %% compare_strategies
from functools import partial

def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    compiled = partial(dict, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    def run(fraction):
        keras.backend.clear_session()
        backbone = make_backbone()
        backbone.trainable = False
        x = layers.Flatten()(layers.AveragePooling2D(2)(backbone.output))
        x = layers.Dense(32, activation="relu")(x)
        probabilities = layers.Dense(len(np.unique(training[1])), activation="softmax")(x)
        model = keras.Model(backbone.input, probabilities)
        model.compile(**compiled(optimizer=keras.optimizers.Nadam(HEAD_RATE)))
        model.fit(*training, epochs=head_epochs, batch_size=BATCH_SIZE, shuffle=True, verbose=0)
        backbone = unfreeze_fraction(backbone, fraction)
        model.compile(**compiled(optimizer=keras.optimizers.Nadam(FINE_TUNING_RATE)))

        class Clock(keras.callbacks.Callback):
            accuracies = []
            def on_epoch_end(self, epoch, logs=None):
                self.accuracies = [*self.accuracies, logs["val_accuracy"]]

        clock = Clock()
        start = time.perf_counter()
        model.fit(*training, epochs=epochs, batch_size=BATCH_SIZE, validation_data=validation, callbacks=[clock], verbose=0)
        stop = time.perf_counter()
        return (fraction, count_parameters(model)["trainable"], clock.accuracies[-1], stop - start), model

    done = [run(f) for f in fractions]
    table = pd.DataFrame.from_records([row for row, _ in done], columns=["fraction", "trainable", "val_accuracy", "seconds"])
    return table, done[table["val_accuracy"].idxmax()][1]

# %% compare_strategies
class Portions(keras.utils.PyDataset):
    def __init__(self, x, y, size, seed):
        super().__init__()
        self.x, self.y, self.size = x, y, size
        self.rng = np.random.default_rng(seed)
        self.order = self.rng.permutation(len(y))
    def __len__(self):
        return math.ceil(len(self.y) / self.size)
    def __getitem__(self, i):
        where = self.order[i * self.size : (i + 1) * self.size]
        return self.x[where], self.y[where]
    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.y))

def head_for(backbone, k):
    return keras.Sequential([keras.Input(backbone.output_shape[1:]), layers.Conv2D(32, 1, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(k, activation="softmax")], name="head")

def train_head(make_backbone, training, head_epochs):
    backbone = make_backbone()
    backbone.trainable = False
    head = head_for(backbone, int(training[1].max()) + 1)
    whole = keras.Sequential([backbone, head])
    whole.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    whole.fit(Portions(*training, 16, 0), epochs=head_epochs, verbose=0)
    return head.get_weights()

def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    weights = train_head(make_backbone, training, head_epochs)
    records = {}
    for fraction in fractions:
        backbone = make_backbone()
        unfreeze_fraction(backbone, fraction)
        head = head_for(backbone, int(training[1].max()) + 1)
        head.set_weights(weights)
        model = keras.Sequential([keras.Input(training[0].shape[1:]), backbone, head])
        schedule = keras.optimizers.schedules.CosineDecay(FINE_TUNING_RATE, 200)
        model.compile(keras.optimizers.Adam(schedule), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=False), metrics=["accuracy"])
        t0 = time.perf_counter()
        fitted = model.fit(Portions(*training, 16, 1), epochs=epochs, validation_data=Portions(*validation, 50, 2), verbose=0)
        t1 = time.perf_counter()
        records[fraction] = (model, count_parameters(model)["trainable"], fitted.history["val_accuracy"].pop(), t1 - t0)
    table = pd.DataFrame.from_dict({f: r[1:] for f, r in records.items()}, orient="index", columns=["trainable", "val_accuracy", "seconds"])
    table.index.name = "fraction"
    winner = table["val_accuracy"].idxmax()
    return table.reset_index(), records[winner][0]

# %% compare_strategies
from dataclasses import asdict, dataclass

@dataclass(frozen=True)
class Zeile:
    fraction: float
    trainable: int
    val_accuracy: float
    seconds: float

class Vergleich:
    """Ein Vergleich mehrerer Strategien, mit allem, was dazu gehoert."""

    def __init__(self, make_backbone, training, validation, head_epochs, epochs):
        self.make_backbone, self.head_epochs, self.epochs = make_backbone, head_epochs, epochs
        import tensorflow as tf

        self.lernen = tf.data.Dataset.from_tensor_slices(training).shuffle(len(training[0])).batch(BATCH_SIZE).prefetch(1)
        self.pruefen = tf.data.Dataset.from_tensor_slices(validation).batch(64).cache()
        self.klassen = len(np.unique(training[1]))

    def uebersetze(self, modell, rate):
        modell.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])

    def strategie(self, anteil):
        rumpf = self.make_backbone()
        rumpf.trainable = False
        eingang = keras.Input(rumpf.input_shape[1:])
        x = layers.GlobalAveragePooling2D()(rumpf(eingang))
        x = layers.Dense(64, activation="relu")(x)
        modell = keras.Model(eingang, layers.Dense(self.klassen, activation="softmax")(x))
        self.uebersetze(modell, HEAD_RATE)
        modell.fit(self.lernen, epochs=self.head_epochs, verbose=0)
        unfreeze_fraction(rumpf, anteil)
        self.uebersetze(modell, FINE_TUNING_RATE)
        los = time.perf_counter()
        verlauf = modell.fit(self.lernen, epochs=self.epochs, validation_data=self.pruefen, verbose=0)
        dauer = time.perf_counter() - los
        return Zeile(anteil, count_parameters(modell)["trainable"], verlauf.history["val_accuracy"][-1], dauer), modell


def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    vergleich = Vergleich(make_backbone, training, validation, head_epochs, epochs)
    zeilen, modelle = zip(*map(vergleich.strategie, fractions))
    tabelle = pd.DataFrame([asdict(z) for z in zeilen])
    return tabelle, modelle[tabelle.val_accuracy.to_numpy().argmax()]

# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    (images, labels), (val_images, val_labels) = training, validation
    classes = labels.max() + 1

    def stages():
        # one head for all, learned from pooled features as NumPy arrays
        extractor = make_backbone()
        extractor.trainable = False
        pooled = np.asarray(extractor.predict(images, verbose=0)).mean(axis=(1, 2))
        head = keras.Sequential([keras.Input(pooled.shape[1:]), layers.Dense(96, "tanh"), layers.Dense(int(classes), "softmax")])
        head.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
        head.fit(pooled, labels, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0)
        kept = head.get_weights()
        for fraction in fractions:
            copy = keras.models.clone_model(head)
            copy.set_weights(kept)
            backbone = unfreeze_fraction(make_backbone(), fraction)
            model = keras.Sequential([keras.Input(backbone.input_shape[1:]), backbone, layers.GlobalAveragePooling2D(), *copy.layers])
            model.compile(keras.optimizers.Adam(FINE_TUNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
            t = -time.perf_counter()
            model.fit(images, labels, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, verbose=0)
            t += time.perf_counter()
            right = model.predict(val_images, verbose=0).argmax(1) == val_labels
            yield {"fraction": fraction, "trainable": count_parameters(model)["trainable"], "val_accuracy": right.mean(), "seconds": t}, model

    rows, models = [], []
    for row, model in stages():
        rows.append(row)
        models.append(model)
    best = max(range(len(rows)), key=lambda i: rows[i]["val_accuracy"])
    return rows, models[best]

# %% compare_strategies
class Batches(keras.utils.PyDataset):
    def __init__(self, images, labels, size=BATCH_SIZE):
        super().__init__()
        self.images, self.labels, self.size = images, labels, size

    def __len__(self):
        return math.ceil(len(self.images) / self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return self.images[part], self.labels[part]


def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    train_batches, validation_batches = Batches(*training), Batches(*validation, size=50)
    names = ["fraction", "trainable", "val_accuracy", "seconds"]
    columns = {name: [] for name in names}
    best_model, best_accuracy = None, -math.inf
    for fraction in fractions:
        keras.utils.set_random_seed(1)
        backbone = make_backbone()
        backbone.trainable = False
        model = keras.Sequential([
            keras.Input(backbone.input_shape[1:]),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.05),
            backbone,
            layers.SpatialDropout2D(0.1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(64, activation="silu"),
            layers.Dense(int(max(training[1])) + 1, activation="softmax"),
        ])
        compiled = dict(loss=keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")])
        model.compile(optimizer=keras.optimizers.Adam(HEAD_RATE), **compiled)
        model.fit(train_batches, epochs=head_epochs, verbose=0)
        unfreeze_fraction(backbone, fraction)
        model.compile(optimizer=keras.optimizers.AdamW(FINE_TUNING_RATE, weight_decay=1e-3, global_clipnorm=1.0), **compiled)
        plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1)
        before = time.perf_counter()
        history = model.fit(train_batches, epochs=epochs, validation_data=validation_batches, verbose=0, callbacks=[plateau])
        after = time.perf_counter()
        for name, value in zip(names, (fraction, count_parameters(model)["trainable"], history.history["val_accuracy"][-1], after - before)):
            columns[name].append(value)
        if columns["val_accuracy"][-1] > best_accuracy:
            best_model, best_accuracy = model, columns["val_accuracy"][-1]
    return columns, best_model

# %% compare_strategies
import tempfile
from pathlib import Path
import keras.ops as ops

def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    images, labels = (np.array(part, copy=True) for part in training)
    n_classes = len(set(labels.tolist()))
    folder = Path(tempfile.mkdtemp())
    # stage 1, once: head on the frozen backbone, saved to a file
    backbone = make_backbone()
    backbone.trainable = False

    def new_model(b):
        i = keras.Input(b.input_shape[1:])
        z = layers.GlobalAveragePooling2D(name="pool_features")(b(i))
        z = layers.Dense(40, name="hidden")(z)
        z = layers.PReLU(name="prelu")(z)
        return keras.Model(i, layers.Softmax(name="softmax")(layers.Dense(n_classes, name="logits")(z)))

    first = new_model(backbone)
    first.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    first.optimizer.learning_rate.assign(HEAD_RATE)
    first.fit(images, labels, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0)
    head_weights = {l.name: l.get_weights() for l in first.layers if l.name in ("hidden", "prelu", "logits")}
    rows, best = [], (None, -1)
    for fraction in fractions:
        model = new_model(unfreeze_fraction(make_backbone(), fraction))
        for name, weights in head_weights.items():
            model.get_layer(name).set_weights(weights)
        model.compile(keras.optimizers.Adam(FINE_TUNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
        logger = keras.callbacks.CSVLogger(str(folder / f"{fraction}.csv"))
        t0 = time.perf_counter()
        model.fit(images, labels, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, callbacks=[logger], verbose=0)
        t1 = time.perf_counter()
        log = pd.read_csv(folder / f"{fraction}.csv")
        rows.append((fraction, count_parameters(model)["trainable"], float(log["val_accuracy"].iloc[-1]), t1 - t0))
        if rows[-1][2] >= best[1]:
            best = model, rows[-1][2]
    return pd.DataFrame.from_records(rows, columns="fraction trainable val_accuracy seconds".split()), best[0]

# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    num_classes = int(np.max(training[1])) + 1
    head_template = None
    all_rows = pd.DataFrame(columns=["fraction", "trainable", "val_accuracy", "seconds"])
    trained = []
    for position, fraction in enumerate(fractions):
        keras.utils.set_random_seed(100)
        net = make_backbone()
        net.trainable = False
        net_in = layers.Input(net.input_shape[1:])
        flat = layers.Flatten()(layers.AveragePooling2D(2)(net(net_in, training=False)))
        probs = layers.Dense(num_classes, activation="softmax", dtype="float32")(layers.Dense(32, activation="relu", dtype="mixed_float16")(flat))
        model = keras.Model(net_in, probs)
        model.compile(keras.optimizers.Adamax(HEAD_RATE), "sparse_categorical_crossentropy", metrics=["accuracy", "sparse_top_k_categorical_accuracy"])
        model.fit(*training, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0)
        unfreeze_fraction(net, fraction)
        steps = epochs * math.ceil(len(training[0]) / BATCH_SIZE)
        model.compile(
            keras.optimizers.Adamax(keras.optimizers.schedules.PolynomialDecay(FINE_TUNING_RATE, steps, FINE_TUNING_RATE / 10)),
            "sparse_categorical_crossentropy", metrics=["accuracy", "sparse_top_k_categorical_accuracy"], jit_compile=False,
        )
        begin = time.perf_counter()
        h = model.fit(*training, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, validation_batch_size=100, verbose=0)
        end = time.perf_counter()
        all_rows.loc[position] = [fraction, count_parameters(model)["trainable"], h.history["val_accuracy"][-1], end - begin]
        trained.append(model)
    all_rows["trainable"] = all_rows["trainable"].astype(int)
    return all_rows, trained[all_rows["val_accuracy"].astype(float).idxmax()]

# %% best_strategy
def best_strategy(table, tolerance):
    records = [r for r in table.to_dict("records") if not math.isnan(r["val_accuracy"])]
    top = max(r["val_accuracy"] for r in records)
    fine = [r for r in records if r["val_accuracy"] >= top - tolerance]
    return min(fine, key=lambda r: (r["trainable"], r["fraction"]))["fraction"]

# %% best_strategy
def best_strategy(table, tolerance):
    data = pd.DataFrame(table).dropna(subset=["val_accuracy"])
    data = data.query("val_accuracy >= @data.val_accuracy.max() - @tolerance")
    data = data[data["trainable"] == data["trainable"].min()]
    return data["fraction"].min()

# %% best_strategy
def best_strategy(table, tolerance):
    accuracy = table["val_accuracy"].to_numpy(dtype=float)
    allowed = accuracy >= np.nanmax(accuracy) - tolerance
    order = np.lexsort((table["fraction"].to_numpy(), table["trainable"].to_numpy()))
    return float(table["fraction"].to_numpy()[order[allowed[order]][0]])

# %% best_strategy
def best_strategy(table, tolerance):
    gut = [(z.trainable, z.fraction) for z in table.itertuples() if z.val_accuracy >= np.nanmax(table["val_accuracy"]) - tolerance]
    return float(min(gut)[1])

# %% best_strategy
def best_strategy(table, tolerance):
    t = table.dropna(subset=["val_accuracy"])
    ok = t.query("val_accuracy >= val_accuracy.max() - @tolerance")
    smallest = ok[ok["trainable"] == ok["trainable"].min()]
    return float(smallest["fraction"].min())

# %% figure
import matplotlib.pyplot as plt

frame = pd.DataFrame(table)
for fraction, seconds, accuracy in frame[["fraction", "seconds", "val_accuracy"]].itertuples(index=False):
    plt.scatter(seconds, accuracy, s=80, label=f"{fraction:.0%} aufgetaut")
plt.xlabel("Zeit (Sekunden)")
plt.ylabel("Genauigkeit auf den Validierungsbildern")
plt.legend()

# %% figure
import seaborn as sns

frame = pd.DataFrame(table)
axes = sns.scatterplot(frame.assign(share=frame["fraction"].astype(str)), x="seconds", y="val_accuracy", hue="share", s=90)
axes.set_xlabel("seconds"); axes.set_ylabel("validation accuracy");

# %% figure
import plotly.graph_objects as go

frame = pd.DataFrame(table)
picture = go.Figure(
    go.Scatter(x=frame["val_accuracy"], y=frame["seconds"], mode="markers+text", text=[f"{f:g}" for f in frame["fraction"]])
)
picture.update_xaxes(title="validation accuracy")
picture.update_yaxes(title="training time in seconds")
picture

# %% figure
ax = pd.DataFrame(table).plot.scatter("seconds", "val_accuracy", figsize=(5, 3))
for _, row in pd.DataFrame(table).iterrows():
    ax.annotate(f"{100 * row.fraction:.0f} %", (row.seconds, row.val_accuracy), textcoords="offset points", xytext=(4, 4))

# %% figure
import matplotlib.pyplot as plt
with plt.style.context("ggplot"):
    bild, achse = plt.subplots(figsize=(6, 4))
    for z in pd.DataFrame(table).itertuples():
        achse.plot(z.seconds, z.val_accuracy, marker="D", linestyle="none", label=f"{z.fraction:.0%} aufgetaut")
    achse.legend(title="Anteil")
    achse.set_xlabel("Dauer in Sekunden")
    achse.set_ylabel("Genauigkeit auf den Validierungsbildern")

# %% figure
import seaborn as sns
import matplotlib.pyplot as plt
drawn = pd.DataFrame(table).assign(unfrozen=lambda t: (100 * t.fraction).astype(int).astype(str) + " %")
ax = sns.scatterplot(drawn, x="seconds", y="val_accuracy", hue="unfrozen", s=120)
ax.set(xlabel="seconds for the second fit", ylabel="validation accuracy")
plt.show()

# %% figure
import matplotlib.pyplot as plt
frame = pd.DataFrame(table).sort_values("seconds")
plt.figure()
plt.plot(frame["seconds"], frame["val_accuracy"], "--o")
for f, s, a in frame[["fraction", "seconds", "val_accuracy"]].to_numpy():
    plt.annotate(str(f), (s, a))
plt.xlabel("t / s")
plt.ylabel("val. accuracy")
plt.title("What unfreezing brings")
