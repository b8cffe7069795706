# %% pareto_front
def beats(one, other):
    no_worse = (
        one["val_accuracy"] >= other["val_accuracy"]
        and one["parameters"] <= other["parameters"]
        and one["ms_per_image"] <= other["ms_per_image"]
    )
    same = all(one[key] == other[key] for key in ("val_accuracy", "parameters", "ms_per_image"))
    return no_worse and not same


def pareto_front(table):
    rows = table.to_dict("records")
    front = []
    for row in rows:
        for other in rows:
            if beats(other, row):
                break
        else:
            front.append(row)
    return front


# %% recommend
def recommend(table, scenario):
    rows = table.to_dict("records")
    if scenario == "accuracy":
        best = max(row["val_accuracy"] for row in rows)
        rows = [row for row in rows if row["val_accuracy"] == best]
    elif scenario == "speed":
        best = min(row["ms_per_image"] for row in rows)
        rows = [row for row in rows if row["ms_per_image"] == best]
    elif scenario != "size":
        raise ValueError("accuracy, speed or size")
    fewest = min(row["parameters"] for row in rows)
    return sorted(row["name"] for row in rows if row["parameters"] == fewest)[0]


# %% summarise_run
import statistics


def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    milliseconds = [1000 * seconds / images_per_call for seconds in predict_seconds]
    return dict(
        ms_per_image=statistics.median(milliseconds),
        seconds_per_epoch=statistics.median(epoch_seconds[1:]),
        val_accuracy=sorted(val_accuracies)[-1],
    )


# %% comparison_table
def comparison_table(rows):
    if len(rows) <= 2:
        raise ValueError("too few")
    seen = []
    for row in rows:
        if row["name"] in seen:
            raise ValueError(f"{row['name']} is there twice")
        seen.append(row["name"])
    return sorted(rows, key=lambda row: (-row["val_accuracy"], row["parameters"], row["name"]))


# %% sizes
sizes = []
for name in LARGE_NETWORKS + BACKBONES:
    count = sum(int(np.prod(weight.shape)) for weight in load_or_random(name).weights)
    sizes.append({"name": name, "parameters": count, "megabytes": round(count * 4 / 1_000_000, 1)})

# %% profile_backbone
class Stopwatch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)


def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    backbone.trainable = False
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            backbone,
            layers.GlobalAveragePooling2D(),
            layers.Dense(num_classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    watch = Stopwatch()
    keeper = keras.callbacks.EarlyStopping("val_accuracy", patience=epochs, mode="max", restore_best_weights=True)
    history = model.fit(
        train[0],
        train[1],
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=validation,
        callbacks=[watch, keeper],
        verbose=0,
    )
    model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
    calls = []
    for _ in range(5):
        before = time.perf_counter()
        model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        calls.append(time.perf_counter() - before)
    row = summarise_run(history.history["val_accuracy"], watch.seconds, calls, PREDICT_IMAGES)
    row["name"] = name
    row["parameters"] = backbone.count_params()
    return row, model


# %% compare_backbones
results = [profile_backbone(name, train, validation, 10, EPOCHS) for name in BACKBONES]
table = comparison_table([row for row, model in results])
trained_models = {}
for row, model in results:
    trained_models[row["name"]] = model
recommended_model = next(model for row, model in results if row["name"] == recommend(pd.DataFrame(table), "accuracy"))

# %% figure
import matplotlib.pyplot as plt

for column in ("parameters", "ms_per_image"):
    plt.figure()
    for row in table:
        plt.plot(row[column], row["val_accuracy"], "o", label=row["name"])
    plt.xlabel(column)
    plt.ylabel("validation accuracy")
    plt.legend()
    plt.show()
