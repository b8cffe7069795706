# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    images, labels = training
    settings = dict(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    rows, models = [], []
    head = keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(int(labels.max()) + 1, activation="softmax")])
    for fraction in fractions:
        backbone = make_backbone()
        backbone.trainable = False
        inputs = keras.Input(backbone.input_shape[1:])
        model = keras.Model(inputs, head(backbone(inputs)))
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
    table = pd.DataFrame(rows)
    return table, models[int(table["val_accuracy"].argmax())]
