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
