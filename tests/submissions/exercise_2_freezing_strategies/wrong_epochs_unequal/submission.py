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
            images, labels, batch_size=BATCH_SIZE, epochs=epochs + int(2 * fraction), validation_data=validation, verbose=0
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
    table = pd.DataFrame(rows)
    return table, models[int(table["val_accuracy"].argmax())]
