"""Right answers to exercise 3 in styles of their own; `python -m tests.cases tests/right_answers` mixes them."""

# %% pareto_front
def beats(a, b):
    no_worse = a.val_accuracy >= b.val_accuracy and a.parameters <= b.parameters and a.ms_per_image <= b.ms_per_image
    better = a.val_accuracy > b.val_accuracy or a.parameters < b.parameters or a.ms_per_image < b.ms_per_image
    return no_worse and better

def pareto_front(table):
    rows = list(table.itertuples(index=False))
    mask = [not any(beats(other, row) for other in rows) for row in rows]
    return table.loc[np.array(mask)].reset_index(drop=True)

# %% pareto_front
def pareto_front(table):
    numbers = table[["val_accuracy", "parameters", "ms_per_image"]].to_numpy(dtype=float) * [1, -1, -1]
    at_least = (numbers[:, None, :] >= numbers[None, :, :]).all(axis=2)
    better = (numbers[:, None, :] > numbers[None, :, :]).any(axis=2)
    return table[~(at_least & better).any(axis=0)]

# %% pareto_front
def pareto_front(table):
    kept = []
    for row in table.to_dict(orient="records"):
        cheaper = table[(table.parameters <= row["parameters"]) & (table.ms_per_image <= row["ms_per_image"])]
        rivals = cheaper[cheaper.val_accuracy >= row["val_accuracy"]]
        same = (
            (rivals.parameters == row["parameters"])
            & (rivals.ms_per_image == row["ms_per_image"])
            & (rivals.val_accuracy == row["val_accuracy"])
        )
        if same.all():
            kept.append(row)
    return pd.DataFrame(kept)

# %% recommend
def recommend(table, scenario):
    if scenario == "accuracy":
        key = lambda r: (-r["val_accuracy"], r["parameters"], r["name"])
    elif scenario == "speed":
        key = lambda r: (r["ms_per_image"], r["parameters"], r["name"])
    elif scenario == "size":
        key = lambda r: (r["parameters"], r["name"])
    else:
        raise ValueError("unknown scenario: %s" % scenario)
    return min((row for _, row in table.iterrows()), key=key)["name"]

# %% recommend
from enum import Enum

class Scenario(Enum):
    accuracy = ("val_accuracy", False)
    speed = ("ms_per_image", True)
    size = ("parameters", True)

def recommend(table: pd.DataFrame, scenario: str) -> str:
    try:
        column, ascending = Scenario[scenario].value
    except KeyError:
        raise ValueError(f"{scenario!r} ist kein Szenario") from None
    ties = table[table[column] == (table[column].min() if ascending else table[column].max())]
    return ties.sort_values("name").sort_values("parameters", kind="stable")["name"].iloc[0]

# %% recommend
def recommend(table, scenario):
    match scenario:
        case "accuracy":
            best = table.loc[table["val_accuracy"].eq(table["val_accuracy"].max())]
        case "speed":
            best = table.nsmallest(1, "ms_per_image", keep="all")
        case "size":
            best = table.nsmallest(1, "parameters", keep="all")
        case _:
            raise ValueError(scenario)
    best = best.nsmallest(1, "parameters", keep="all")
    return sorted(best["name"])[0]

# %% summarise_run
import statistics

def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    return dict(
        val_accuracy=max(val_accuracies),
        seconds_per_epoch=statistics.median(epoch_seconds[1:]),
        ms_per_image=statistics.median(predict_seconds) * 1e3 / images_per_call,
    )

# %% summarise_run
def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    answer = {"ms_per_image": 1000 * median(predict_seconds) / images_per_call}
    answer["seconds_per_epoch"] = median(epoch_seconds[1:])
    answer["val_accuracy"] = sorted(val_accuracies)[-1]
    return answer

# %% summarise_run
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    per_image = pd.Series(predict_seconds).mul(1000).div(images_per_call)
    return pd.Series(
        {
            "val_accuracy": np.max(val_accuracies),
            "seconds_per_epoch": pd.Series(epoch_seconds).iloc[1:].median(),
            "ms_per_image": np.quantile(per_image, 0.5),
        }
    ).to_dict()

# %% comparison_table
def comparison_table(rows):
    if len(rows) < 3 or len({row["name"] for row in rows}) != len(rows):
        raise ValueError("at least three rows with different names")
    return sorted((dict(row) for row in rows), key=lambda row: (-row["val_accuracy"], row["parameters"], row["name"]))

# %% comparison_table
def comparison_table(rows):
    frame = pd.DataFrame.from_records(list(rows))
    if frame.shape[0] < 3:
        raise ValueError("compare at least three")
    if frame["name"].duplicated().any():
        raise ValueError("a name occurs twice")
    order = np.lexsort((frame["name"], frame["parameters"], -frame["val_accuracy"]))
    return frame.iloc[order][COLUMNS]

# %% sizes
names = list(BACKBONES) + list(LARGE_NETWORKS)
sizes = []
for name in names:
    network = load_or_random(name)
    n = int(sum(np.prod(w.shape) for w in network.weights))
    sizes.append({"name": name, "parameters": n, "megabytes": n * 4 / 1_000_000})

# %% sizes
sizes = (
    pd.Series({name: load_or_random(name).count_params() for name in [*BACKBONES, *LARGE_NETWORKS]}, name="parameters")
    .rename_axis("name")
    .reset_index()
    .assign(megabytes=lambda frame: frame.parameters * np.dtype("float32").itemsize / 10**6)
    .sort_values("parameters")
)

# %% profile_backbone
def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    model = keras.Sequential()
    model.add(keras.Input(backbone.input_shape[1:]))
    model.add(backbone)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Times(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seconds = []
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()
        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    times = Times()
    best = keras.callbacks.EarlyStopping("val_accuracy", mode="max", restore_best_weights=True, patience=epochs)
    h = model.fit(
        *train, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, callbacks=[times, best], verbose=0
    )
    few = validation[0][:PREDICT_IMAGES]
    model.predict(few, batch_size=PREDICT_IMAGES, verbose=0)
    calls = []
    for _ in range(5):
        start = time.perf_counter()
        model.predict(few, batch_size=PREDICT_IMAGES, verbose=0)
        calls.append(time.perf_counter() - start)
    summary = summarise_run(h.history["val_accuracy"], times.seconds, calls, PREDICT_IMAGES)
    return dict(name=name, parameters=backbone.count_params(), **summary), model

# %% profile_backbone
import tempfile
from pathlib import Path

import tensorflow as tf

def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    parameters = int(sum(tf.size(w).numpy() for w in backbone.weights))
    backbone.trainable = False
    x = layers.GlobalAveragePooling2D()(backbone.output)
    x = layers.Dropout(0.2)(layers.Dense(96, activation="swish")(x))
    x = layers.Dense(num_classes, activation="softmax", name="klassen")(x)
    model = tf.keras.Model(backbone.input, x)
    model.compile(
        optimizer=tf.keras.optimizers.RMSprop(2e-3),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(),
        metrics=[tf.keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    folder = Path(tempfile.mkdtemp())
    keep = tf.keras.callbacks.ModelCheckpoint(
        str(folder / "best.weights.h5"), monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True
    )
    accuracies, seconds = [], []
    for epoch in range(epochs):
        start = time.perf_counter()
        done = model.fit(
            train[0], train[1], BATCH_SIZE, initial_epoch=epoch, epochs=epoch + 1, validation_data=validation,
            callbacks=[keep], verbose=0,
        )
        seconds.append(time.perf_counter() - start)
        accuracies += done.history["val_accuracy"]
    model.load_weights(folder / "best.weights.h5")
    clock = []
    for repetition in range(6):
        start = time.perf_counter()
        model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        clock.append(time.perf_counter() - start)
    return {"name": name, "parameters": parameters} | summarise_run(accuracies, seconds, clock[1:], PREDICT_IMAGES), model

# %% profile_backbone
import os, tempfile

class Pictures(keras.utils.PyDataset):
    def __init__(self, x, y, size, shuffle, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.size, self.shuffle = x, y, size, shuffle
        self.order = np.arange(len(x))

    def __len__(self):
        return int(np.ceil(len(self.x) / self.size))

    def __getitem__(self, i):
        rows = self.order[i * self.size : (i + 1) * self.size]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        if self.shuffle:
            np.random.shuffle(self.order)


def profile_backbone(name, train, validation, num_classes, epochs):
    base = transferlab.load_backbone(name)
    base.trainable = False
    model = keras.Sequential([
        keras.Input(train[0].shape[1:]),
        base,
        layers.GlobalAveragePooling2D(),
        layers.LayerNormalization(),
        layers.Dense(num_classes, "softmax"),
    ])
    model.compile(keras.optimizers.Nadam(5e-3), keras.losses.SparseCategoricalCrossentropy(), metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
    where = os.path.join(tempfile.mkdtemp(), "best.keras")
    begun, seconds = [], []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: begun.append(time.perf_counter()),
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter() - begun[-1]),
    )
    callbacks = [
        clock,
        keras.callbacks.ModelCheckpoint(where, monitor="val_accuracy", mode="max", save_best_only=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1, factor=0.5),
        keras.callbacks.TerminateOnNaN(),
    ]
    history = model.fit(
        Pictures(*train, BATCH_SIZE, True), epochs=epochs, validation_data=Pictures(*validation, 50, False),
        callbacks=callbacks, verbose=0,
    )
    best = keras.models.load_model(where)
    x = validation[0][:PREDICT_IMAGES]
    times = []
    for i in range(6):
        t0 = time.perf_counter()
        best.predict(x, batch_size=PREDICT_IMAGES, verbose=0)
        if i:
            times.append(time.perf_counter() - t0)
    s = summarise_run(history.history["val_accuracy"], seconds, times, PREDICT_IMAGES)
    return {**dict.fromkeys(COLUMNS), "name": name, "parameters": sum(int(np.prod(w.shape)) for w in base.weights), **s}, best

# %% profile_backbone
from dataclasses import dataclass, field

@dataclass
class Run:
    accuracies: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    best: list = None

    def note(self, accuracy, seconds, weights):
        if not self.accuracies or accuracy > max(self.accuracies):
            self.best = [np.array(w) for w in weights]
        self.accuracies.append(float(accuracy))
        self.seconds.append(seconds)

def profile_backbone(name, train, validation, num_classes, epochs):
    (x, y), (vx, vy) = train, validation
    backbone = transferlab.load_backbone(name)
    n_parameters = backbone.count_params()
    backbone.trainable = False
    inputs = keras.Input((32, 32, 3))
    z = layers.RandomFlip("horizontal")(inputs)
    z = layers.RandomTranslation(0.05, 0.05)(z)
    z = backbone(z, training=False)
    z = layers.Flatten()(z)
    z = layers.Dense(64, kernel_initializer="he_normal")(z)
    z = layers.LeakyReLU(negative_slope=0.1)(z)
    z = layers.Dropout(0.3)(z)
    outputs = layers.Activation("softmax")(layers.Dense(num_classes)(z))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.AdamW(2e-3, weight_decay=1e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    run = Run()
    for epoch in range(epochs):
        began = time.perf_counter()
        model.fit(x, y, batch_size=BATCH_SIZE, epochs=1, verbose=0)
        took = time.perf_counter() - began
        reached = np.mean(np.argmax(model.predict(vx, batch_size=128, verbose=0), axis=-1) == vy)
        run.note(reached, took, model.get_weights())
    model.set_weights(run.best)
    model.predict(vx[:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
    while len(run.calls) < 5:
        began = time.perf_counter()
        _ = model.predict(vx[:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        run.calls.append(time.perf_counter() - began)
    row = {"name": name, "parameters": n_parameters}
    row |= summarise_run(run.accuracies, run.seconds, run.calls, PREDICT_IMAGES)
    return row, model

# %% profile_backbone
def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    x = backbone.output
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    hidden = layers.Dense(48, activation="relu", dtype="mixed_bfloat16")(pooled)
    out = layers.Dense(num_classes, activation="softmax", dtype="float32")(hidden)
    model = keras.Model(backbone.inputs, out)
    schedule = keras.optimizers.schedules.CosineDecay(4e-3, decay_steps=epochs * int(np.ceil(len(train[0]) / BATCH_SIZE)))
    model.compile(keras.optimizers.Adam(schedule, clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top2")])

    history, best, stamps = [], (-1.0, None), []
    stamps.append(time.perf_counter())
    for e in range(epochs):
        h = model.fit(train[0], train[1], batch_size=BATCH_SIZE, epochs=e + 1, initial_epoch=e, verbose=0, shuffle=True)
        stamps.append(time.perf_counter())
        score = model.evaluate(validation[0], validation[1], verbose=0, return_dict=True)["accuracy"]
        stamps[-1:] = [stamps[-1]]
        history.append((score, stamps[-1] - stamps[-2]))
        if score > best[0]:
            best = score, model.get_weights()
        stamps.append(time.perf_counter())
    model.set_weights(best[1])

    def once():
        a = time.perf_counter()
        model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        return time.perf_counter() - a

    once()
    calls = [once() for _ in range(5)]
    scores, seconds = map(list, zip(*history))
    return dict(name=name, parameters=int(backbone.count_params()), **summarise_run(scores, seconds, calls, PREDICT_IMAGES)), model

# %% profile_backbone
def profile_backbone(name, train, validation, num_classes, epochs):
    """Train a head; the best epoch's weights come back."""
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    model = keras.models.Sequential(name="head_on_" + name)
    model.add(layers.Input(shape=(32, 32, 3)))
    model.add(backbone)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(units=128, activation=keras.activations.relu, kernel_regularizer=keras.regularizers.L2(1e-4)))
    model.add(layers.Dense(units=num_classes, activation=keras.activations.softmax))
    model.compile(loss=keras.losses.sparse_categorical_crossentropy, optimizer=keras.optimizers.Adam(learning_rate=0.003), metrics=["accuracy"], steps_per_execution=2)

    class EpochTimer(keras.callbacks.Callback):
        times = []
        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()
        def on_epoch_end(self, epoch, logs=None):
            self.times.append(time.perf_counter() - self.begin)

    timer = EpochTimer()
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=epochs, restore_best_weights=True)
    log = keras.callbacks.CSVLogger("log_" + name + ".csv")
    hist = model.fit(x=train[0], y=train[1], validation_data=(validation[0], validation[1]), batch_size=BATCH_SIZE, epochs=epochs, callbacks=[timer, stop, log], verbose=0)
    written = pd.read_csv("log_" + name + ".csv")
    assert len(written) == epochs == len(timer.times)

    warm_up, *timed = [None] * 6
    batch = validation[0][-PREDICT_IMAGES:]
    model.predict(batch, batch_size=PREDICT_IMAGES, verbose=0)
    for i in range(len(timed)):
        t = time.perf_counter()
        model.predict(batch, batch_size=PREDICT_IMAGES, verbose=0)
        timed[i] = time.perf_counter() - t
    summary = summarise_run(hist.history["val_accuracy"], timer.times, timed, PREDICT_IMAGES)
    row = {}
    for column in COLUMNS:
        row[column] = {"name": name, "parameters": backbone.count_params(), **summary}[column]
    return row, model

# %% compare_backbones
rows = []
trained_models = dict.fromkeys(BACKBONES)
for backbone_name in trained_models:
    row, model = profile_backbone(backbone_name, train, validation, num_classes=10, epochs=EPOCHS)
    rows.append(row)
    trained_models[backbone_name] = model
    print(pd.Series(row))
table = comparison_table(rows)
recommended_model = trained_models[recommend(pd.DataFrame(table), "accuracy")]

# %% compare_backbones
results = [profile_backbone(n, train, validation, len(class_names), EPOCHS) for n in BACKBONES]
table = pd.DataFrame(comparison_table([row for row, _ in results]))
trained_models = {row["name"]: model for row, model in results}
winner = recommend(table, scenario="accuracy")
recommended_model = trained_models[winner]

# %% compare_backbones
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(max_workers=1) as pool:
    futures = {name: pool.submit(profile_backbone, name, train, validation, len(class_names), EPOCHS) for name in BACKBONES}
found = {name: future.result() for name, future in futures.items()}
table = comparison_table([row for row, model in found.values()])
trained_models = {name: model for name, (row, model) in found.items()}
recommended_model = trained_models[recommend(table, "accuracy")]

# %% figure
import matplotlib.pyplot as plt

frame = pd.DataFrame(table)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True)
for ax, column, title in zip(axes, ("parameters", "ms_per_image"), ("Parameter", "Millisekunden je Bild")):
    for _, row in frame.iterrows():
        ax.plot(row[column], row["val_accuracy"], "o", label=row["name"])
    ax.set_xlabel(title)
    ax.legend()
axes[0].set_ylabel("Genauigkeit")
plt.tight_layout()

# %% figure
import plotly.express as px

frame = pd.DataFrame(table)
px.scatter(frame, x="parameters", y="val_accuracy", color="name").show()
px.scatter(frame, x="ms_per_image", y="val_accuracy", text="name").show()

# %% figure
import altair as alt

dots = alt.Chart(pd.DataFrame(table)).mark_circle(size=120).encode(y=alt.Y("val_accuracy:Q", scale=alt.Scale(zero=False)), color="name:N")
dots.encode(x="parameters:Q") | dots.encode(x="ms_per_image:Q")

# %% figure
import seaborn as sns
import matplotlib.pyplot as plt

frame = pd.DataFrame(table)
for column in ("parameters", "ms_per_image"):
    plt.figure(figsize=(4, 3))
    sns.scatterplot(frame, x=column, y="val_accuracy", style="name", hue="name", s=100)
    plt.xscale("log")
    plt.show()

# %% figure
import plotly.graph_objects as go
from plotly.subplots import make_subplots
t = pd.DataFrame(table)
fig = make_subplots(rows=1, cols=2, shared_yaxes=True)
for c, column in enumerate(["parameters", "ms_per_image"], start=1):
    fig.add_trace(go.Scatter(x=t[column], y=t["val_accuracy"], mode="markers+text", text=t["name"], textposition="top center"), row=1, col=c)
    fig.update_xaxes(title_text=column, row=1, col=c)
fig.update_yaxes(title_text="validation accuracy", row=1, col=1)
fig.show()

# %% figure
import seaborn as sns
import matplotlib.pyplot as plt
long = pd.DataFrame(table).melt(id_vars=["name", "val_accuracy"], value_vars=["parameters", "ms_per_image"], var_name="cost", value_name="value")
sns.relplot(data=long, x="value", y="val_accuracy", hue="name", col="cost", kind="scatter", facet_kws={"sharex": False})
plt.show()

# %% figure
import matplotlib.pyplot as plt
fig, (left, right) = plt.subplots(ncols=2, figsize=(8, 3))
for marker, (_, r) in zip("os^", pd.DataFrame(table).iterrows()):
    left.plot([r.parameters / 1000], [100 * r.val_accuracy], marker, label=r["name"])
    right.plot([r.ms_per_image], [100 * r.val_accuracy], marker, label=r["name"])
left.set_xlabel("parameters (thousands)"); left.set_ylabel("accuracy in %")
right.set_xlabel("ms per image"); right.legend(loc="lower right")
left.legend()

# %% figure
import seaborn.objects as so
from IPython.display import display
bild = pd.DataFrame(table)
display(so.Plot(bild, x="parameters", y="val_accuracy", color="name").add(so.Dot()))
display(so.Plot(bild, x="ms_per_image", y="val_accuracy", color="name").add(so.Dot()))

# %% figure
import matplotlib.pyplot as plt

table = pd.DataFrame(table).set_index("name")
table["val_accuracy"] *= 100
fig, axes = plt.subplots(2, 1, sharey=True)
for ax, column in zip(axes, ["parameters", "ms_per_image"]):
    for name, row in table.iterrows():
        ax.scatter(row[column], row["val_accuracy"], label=name)
    ax.set(xlabel=column, ylabel="accuracy (%)")
    ax.legend()
table = table.reset_index().assign(val_accuracy=lambda t: t.val_accuracy / 100)
