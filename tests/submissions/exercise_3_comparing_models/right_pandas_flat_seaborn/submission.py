# %% pareto_front
def pareto_front(table):
    pairs = table.reset_index().merge(table, how="cross", suffixes=("", "_other"))
    no_worse = (
        (pairs.val_accuracy_other >= pairs.val_accuracy)
        & (pairs.parameters_other <= pairs.parameters)
        & (pairs.ms_per_image_other <= pairs.ms_per_image)
    )
    better = (
        (pairs.val_accuracy_other > pairs.val_accuracy)
        | (pairs.parameters_other < pairs.parameters)
        | (pairs.ms_per_image_other < pairs.ms_per_image)
    )
    return table.drop(index=pairs.loc[no_worse & better, "index"].unique())


# %% recommend
ORDERS = {
    "accuracy": (["val_accuracy", "parameters", "name"], [False, True, True]),
    "speed": (["ms_per_image", "parameters", "name"], True),
    "size": (["parameters", "name"], True),
}


def recommend(table, scenario):
    if scenario not in ORDERS:
        raise ValueError(f"{scenario} is not one of {list(ORDERS)}")
    by, ascending = ORDERS[scenario]
    return table.sort_values(by, ascending=ascending)["name"].iloc[0]


# %% summarise_run
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    return {
        "val_accuracy": pd.Series(val_accuracies).max(),
        "seconds_per_epoch": pd.Series(epoch_seconds).iloc[1:].median(),
        "ms_per_image": pd.Series(predict_seconds).median() / images_per_call * 1e3,
    }


# %% comparison_table
def comparison_table(rows):
    table = pd.DataFrame.from_records(rows)
    if len(table) < 3 or table["name"].duplicated().any():
        raise ValueError("three different networks at least")
    table["loss"] = -table.val_accuracy
    return table.sort_values(["loss", "parameters", "name"]).drop(columns="loss").reset_index(drop=True)


# %% sizes
networks = pd.Series([*BACKBONES, *LARGE_NETWORKS], name="name")
sizes = networks.to_frame().assign(parameters=networks.map(lambda name: load_or_random(name).count_params()))
sizes = sizes.eval("megabytes = parameters * 4e-6").round(1).set_index("name").reset_index()

# %% profile_backbone
import tempfile
from pathlib import Path


def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    for layer in backbone.layers:
        layer.trainable = False
    x = layers.GlobalMaxPooling2D()(backbone.output)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(backbone.input, x)
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-2),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    best = Path(tempfile.mkdtemp()) / "best.weights.h5"
    saver = keras.callbacks.ModelCheckpoint(
        best, monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True
    )
    clock = pd.Series(dtype=float)
    timer = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: clock.__setitem__(f"start {epoch}", time.perf_counter()),
        on_epoch_end=lambda epoch, logs: clock.__setitem__(f"end {epoch}", time.perf_counter()),
    )
    log = model.fit(
        *train, epochs=epochs, batch_size=BATCH_SIZE, validation_data=validation, callbacks=[timer, saver], verbose=0
    )
    model.load_weights(best)
    epoch_seconds = [clock[f"end {epoch}"] - clock[f"start {epoch}"] for epoch in range(epochs)]

    def timed_predict():
        start = time.perf_counter()
        model.predict(validation[0][:64], batch_size=64, verbose=0)
        return time.perf_counter() - start

    timed_predict()
    summary = summarise_run(log.history["val_accuracy"], epoch_seconds, [timed_predict() for _ in range(5)], 64)
    return pd.Series({"name": name, "parameters": backbone.count_params()} | summary).to_dict(), model


# %% compare_backbones
measured = {name: profile_backbone(name, train, validation, len(class_names), EPOCHS) for name in BACKBONES}
table = comparison_table([row for row, _ in measured.values()])
trained_models = pd.Series({name: model for name, (_, model) in measured.items()}).to_dict()
recommended_model = measured[recommend(table, "accuracy")][1]

# %% figure
import matplotlib.pyplot as plt
import seaborn as sns

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
sns.scatterplot(table, x="parameters", y="val_accuracy", hue="name", ax=left)
sns.scatterplot(table, x="ms_per_image", y="val_accuracy", hue="name", ax=right, legend=False)
for row in table.itertuples():
    right.text(row.ms_per_image, row.val_accuracy, row.name)
