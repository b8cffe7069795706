# %% pareto_front
def pareto_front(table):
    gains = np.array([table.val_accuracy, -table.parameters, -table.ms_per_image], dtype=float)
    difference = gains[:, :, None] - gains[:, None, :]  # criterion, other, row
    beaten = ((difference >= 0).all(axis=0) & (difference > 0).any(axis=0)).any(axis=0)
    return {column: np.asarray(table[column])[~beaten] for column in table.columns}


# %% recommend
def recommend(table, scenario):
    match scenario:
        case "accuracy":
            key = -table.val_accuracy.to_numpy()
        case "speed":
            key = table.ms_per_image.to_numpy()
        case "size":
            key = table.parameters.to_numpy()
        case _:
            raise ValueError(scenario)
    names = table.name.to_numpy(dtype=str)
    return names[np.lexsort((names, table.parameters, key))[0]]


# %% summarise_run
def summarise_run(val_accuracies, epoch_seconds, predict_seconds, images_per_call):
    return {
        "val_accuracy": np.max(val_accuracies),
        "seconds_per_epoch": np.percentile(epoch_seconds[1:], 50),
        "ms_per_image": np.median(predict_seconds) / (images_per_call / 1000),
    }


# %% comparison_table
def comparison_table(rows):
    columns = {column: np.array([row[column] for row in rows]) for column in COLUMNS}
    if len(np.unique(columns["name"])) != len(rows) or len(rows) < 3:
        raise ValueError("at least three, all different")
    order = np.lexsort((columns["name"], columns["parameters"], -columns["val_accuracy"]))
    return {column: values[order] for column, values in columns.items()}


# %% sizes
all_names = list(BACKBONES) + list(LARGE_NETWORKS)
parameters = np.array([load_or_random(name).count_params() for name in all_names])
sizes = {"name": all_names, "parameters": parameters, "megabytes": parameters * 4 / 10**6}

# %% profile_backbone
def profile_backbone(name, train, validation, num_classes, epochs):
    frozen = transferlab.load_backbone(name)
    frozen.trainable = False
    inputs = keras.Input((32, 32, 3))
    head = keras.Sequential(
        [layers.Flatten(), layers.Dense(48, activation="relu"), layers.Dropout(0.1), layers.Dense(num_classes)]
    )
    model = keras.Model(inputs, keras.ops.softmax(head(frozen(inputs, training=False))))
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best, best_weights, seconds, shares = -1, None, np.zeros(epochs), np.zeros(epochs)
    for epoch in range(epochs):
        seconds[epoch] -= time.perf_counter()
        model.fit(*train, batch_size=BATCH_SIZE, verbose=0)
        seconds[epoch] += time.perf_counter()
        shares[epoch] = model.evaluate(*validation, verbose=0)[1]
        if shares[epoch] > best:
            best, best_weights = shares[epoch], [np.array(weight) for weight in model.weights]
    for weight, value in zip(model.weights, best_weights):
        weight.assign(value)
    calls = np.zeros(6)
    for call in range(6):
        calls[call] -= time.perf_counter()
        model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        calls[call] += time.perf_counter()
    row = summarise_run(shares, seconds, calls[1:], PREDICT_IMAGES)
    return {"name": name, "parameters": np.int64(frozen.count_params()), **row}, model


# %% compare_backbones
every = [profile_backbone(name, train, validation, 10, EPOCHS) for name in BACKBONES]
table = comparison_table([row for row, _ in every])
trained_models = dict(zip(BACKBONES, [model for _, model in every]))
chosen = recommend(pd.DataFrame(table), "accuracy")
recommended_model = every[BACKBONES.index(chosen)][1]

# %% figure
import matplotlib.pyplot as plt

_, axes = plt.subplots(2, 1, figsize=(5, 8))
for axis, cost in zip(axes, ("parameters", "ms_per_image")):
    axis.scatter(table[cost], table["val_accuracy"])
    axis.set_xlabel(cost)
    for place, name in enumerate(table["name"]):
        axis.annotate(name, (table[cost][place], table["val_accuracy"][place]))
plt.show()
