# %% compare_strategies
def head_of(shape, classes):
    return keras.Sequential(
        [keras.Input(shape), layers.GlobalAveragePooling2D(), layers.Dense(classes, activation="softmax")], name="top"
    )


def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    features = make_backbone().predict(training[0], batch_size=100, verbose=0)
    classes = len(np.unique(training[1]))
    top = head_of(features.shape[1:], classes)
    top.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    top.fit(features, training[1], epochs=head_epochs, batch_size=10, verbose=0)
    records = {}
    for fraction in np.asarray(fractions):
        backbone = make_backbone()
        unfreeze_fraction(backbone, fraction)
        copy = head_of(features.shape[1:], classes)
        copy.set_weights(top.get_weights())
        model = keras.Sequential([backbone, copy])
        model.compile(keras.optimizers.Adam(FINE_TUNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = time.perf_counter()
        history = model.fit(*training, epochs=epochs, batch_size=BATCH_SIZE, validation_data=validation, verbose=0)
        clock = time.perf_counter() - clock
        records[fraction] = (model, history.history["val_accuracy"][-1], clock)
    table = pd.DataFrame(
        {
            "seconds": [clock for _, _, clock in records.values()],
            "val_accuracy": [accuracy for _, accuracy, _ in records.values()],
            "fraction": list(records),
            "trainable": [count_parameters(model)["trainable"] for model, _, _ in records.values()],
            "note": "mine",
        }
    )
    return table, max(records.values(), key=lambda record: record[1])[0]
