# %% unfreeze_fraction
def counts(layer):
    return len(layer.weights) > 0 and not isinstance(layer, layers.BatchNormalization)


def unfreeze_fraction(backbone, fraction):
    if fraction < 0 or fraction > 1:
        raise ValueError(f"{fraction} is no fraction")
    number = 0
    for layer in backbone.layers:
        if counts(layer):
            number += 1
    left = math.ceil(number * fraction)
    backbone.trainable = True
    for layer in reversed(backbone.layers):
        layer.trainable = False
        if counts(layer) and left > 0:
            layer.trainable = True
            left = left - 1
    return backbone


# %% count_parameters
def count_parameters(model):
    trainable = np.int64(0)
    for weight in model.trainable_weights:
        trainable += np.prod(weight.shape)
    frozen = np.int64(0)
    for weight in model.non_trainable_weights:
        frozen += np.prod(weight.shape)
    return {"frozen": frozen, "trainable": trainable}


# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    images, labels = training
    settings = dict(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    rows, models = [], []
    for fraction in fractions:
        backbone = make_backbone()
        backbone.trainable = False
        inputs = keras.Input(backbone.input_shape[1:])
        x = layers.GlobalAveragePooling2D()(backbone(inputs))
        model = keras.Model(inputs, layers.Dense(int(labels.max()) + 1, activation="softmax")(x))
        model.compile(optimizer=keras.optimizers.Adam(HEAD_RATE), **settings)
        model.fit(images, labels, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0)
        unfreeze_fraction(backbone, fraction)
        model.compile(optimizer=keras.optimizers.Adam(FINE_TUNING_RATE), **settings)
        started = time.perf_counter()
        history = model.fit(
            images, labels, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, verbose=0
        ).history
        seconds = time.perf_counter() - started
        rows.append(
            {
                "fraction": fraction,
                "trainable": count_parameters(model)["trainable"],
                "val_accuracy": history["val_accuracy"][-1],
                "seconds": seconds,
            }
        )
        models.append(model)
    best = max(range(len(rows)), key=lambda row: rows[row]["val_accuracy"])
    return rows, models[best]


# %% best_strategy
def best_strategy(table, tolerance):
    best = None
    rows = [row for row in pd.DataFrame(table).to_dict("records") if row["val_accuracy"] == row["val_accuracy"]]
    highest = max(row["val_accuracy"] for row in rows)
    for row in rows:
        if highest - row["val_accuracy"] > tolerance:
            continue
        if best is None or (row["trainable"], row["fraction"]) < (best["trainable"], best["fraction"]):
            best = row
    return best["fraction"]


# %% figure
import matplotlib.pyplot as plt

for row in table:
    plt.plot(row["seconds"], 100 * row["val_accuracy"], "o", label=f"{row['fraction']:.0%}")
plt.xlabel("time (s)")
plt.ylabel("validation accuracy (%)")
plt.legend(title="unfrozen")
plt.show()
