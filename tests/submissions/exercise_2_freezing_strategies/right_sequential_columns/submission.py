# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not (fraction >= 0 and fraction <= 1):
        raise ValueError("fraction must be between 0 and 1")
    names = [
        layer.name
        for layer in backbone.layers
        if layer.weights and layer.__class__.__name__ != "BatchNormalization"
    ]
    frozen = len(names) - int(np.ceil(fraction * len(names)))
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer.name in names[frozen:]
    return backbone


# %% count_parameters
def count_parameters(model):
    total = sum(keras.ops.size(w) for w in model.weights)
    learns = sum(keras.ops.size(w) for w in model.trainable_weights)
    return dict(trainable=learns, frozen=total - learns)


# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    columns = {"fraction": [], "trainable": [], "val_accuracy": [], "seconds": []}
    best = (-1.0, None)

    def compiled(model, rate):
        model.compile(
            optimizer=keras.optimizers.AdamW(rate),
            loss=keras.losses.SparseCategoricalCrossentropy(),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )
        return model

    for fraction in fractions:
        backbone = unfreeze_fraction(make_backbone(), 0)
        model = keras.Sequential(
            [
                keras.Input(backbone.input_shape[1:]),
                backbone,
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(len(set(training[1].tolist())), activation="softmax"),
            ]
        )
        compiled(model, 1e-3).fit(*training, epochs=head_epochs, batch_size=BATCH_SIZE, verbose=0)
        unfreeze_fraction(backbone, fraction)
        compiled(model, 1e-3)
        start = time.perf_counter()
        model.fit(*training, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
        end = time.perf_counter()
        accuracy = model.evaluate(*validation, verbose=0, return_dict=True)["accuracy"]
        columns["fraction"].append(fraction)
        columns["trainable"].append(count_parameters(model)["trainable"])
        columns["val_accuracy"].append(accuracy)
        columns["seconds"].append(round(end - start, 2))
        if accuracy > best[0]:
            best = (accuracy, model)
    return columns, best[1]


# %% best_strategy
def best_strategy(table, tolerance):
    table = pd.DataFrame(table).dropna(subset="val_accuracy")
    table = table[table.val_accuracy.max() - table.val_accuracy <= tolerance + 1e-9]
    return table[table.trainable == table.trainable.min()].fraction.min()


# %% figure
axes = pd.DataFrame(table).plot.scatter("seconds", "val_accuracy")
for fraction, second, accuracy in zip(table["fraction"], table["seconds"], table["val_accuracy"]):
    axes.annotate(f"{int(100 * fraction)} %", (second, accuracy))
