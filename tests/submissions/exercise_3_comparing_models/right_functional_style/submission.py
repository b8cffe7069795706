# %% pareto_front
from itertools import starmap

criteria = ["val_accuracy", "parameters", "ms_per_image"]


def as_gains(row):
    return row["val_accuracy"], -row["parameters"], -row["ms_per_image"]


def pareto_front(table):
    gains = [as_gains(row) for _, row in table.iterrows()]
    stays = [
        not any(other != mine and all(starmap(lambda a, b: a >= b, zip(other, mine))) for other in gains)
        for mine in gains
    ]
    return table.loc[stays].reset_index(drop=True)


# %% recommend
KEYS = {
    "accuracy": lambda row: (-row.val_accuracy, row.parameters, row.name),
    "speed": lambda row: (row.ms_per_image, row.parameters, row.name),
    "size": lambda row: (row.parameters, row.name),
}


def recommend(table, scenario):
    try:
        key = KEYS[scenario]
    except KeyError:
        raise ValueError(f"unknown scenario {scenario}") from None
    return min(table.itertuples(index=False), key=key).name


# %% summarise_run
def middle(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    _, *later = epoch_seconds
    return {
        "val_accuracy": max(val_accuracies),
        "seconds_per_epoch": middle(later),
        "ms_per_image": middle(predict_seconds) * 1000 / images_per_call,
    }


# %% comparison_table
def comparison_table(rows):
    unique = {row["name"]: row for row in rows}
    if not len(unique) == len(rows) >= 3:
        raise ValueError("three or more, and none twice")
    ranked = pd.DataFrame(list(unique.values())).sort_values("name").sort_values("parameters", kind="stable")
    return ranked.sort_values("val_accuracy", ascending=False, kind="stable")


# %% sizes
sizes = pd.DataFrame(
    ((name, load_or_random(name).count_params()) for name in {*BACKBONES, *LARGE_NETWORKS}),
    columns=["name", "parameters"],
)
sizes["megabytes"] = sizes.parameters / 250_000

# %% profile_backbone
def timed(action):
    begin = time.perf_counter()
    result = action()
    return time.perf_counter() - begin, result


def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    x = layers.RandomFlip("horizontal")(inputs)
    x = keras.ops.mean(backbone(x), axis=(1, 2))
    x = layers.Dense(100, activation="gelu")(x)
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(num_classes)(x)))
    model.compile(keras.optimizers.Nadam(4e-3), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])

    snapshots = []
    for epoch in range(epochs):
        seconds, history = timed(
            lambda: model.fit(
                *train, batch_size=BATCH_SIZE, initial_epoch=epoch, epochs=epoch + 1, validation_data=validation, verbose=0
            )
        )
        snapshots.append((history.history["val_accuracy"][-1], seconds, model.get_weights()))
    accuracies, epoch_seconds, weights = zip(*snapshots)
    model.set_weights(weights[accuracies.index(max(accuracies))])
    shots = [
        timed(lambda: model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0))[0]
        for _ in range(6)
    ]
    summary = summarise_run(list(accuracies), list(epoch_seconds), shots[1:], PREDICT_IMAGES)
    return {"name": name, "parameters": backbone.count_params()} | summary, model


# %% compare_backbones
profiles = {name: profile_backbone(name, train, validation, len(class_names), EPOCHS) for name in BACKBONES}
table = comparison_table([profile[0] for profile in profiles.values()])
trained_models = {name: model for name, (_, model) in profiles.items()}
recommended_model = profiles[recommend(table, "accuracy")][1]

# %% figure
for cost in ("parameters", "ms_per_image"):
    axes = table.plot.scatter(x=cost, y="val_accuracy", title=f"accuracy against {cost}")
    for row in table.itertuples():
        axes.annotate(f" {row.name.replace('_', '-')}", (getattr(row, cost), row.val_accuracy))
