# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if fraction > 1 or fraction < 0:
        raise ValueError(fraction)
    flags = np.array([bool(layer.weights) and not isinstance(layer, layers.BatchNormalization) for layer in backbone.layers])
    places = np.flatnonzero(flags)
    kept = set(places[len(places) - math.ceil(fraction * len(places)) :].tolist())
    backbone.trainable = not backbone.trainable  # whichever way: a change reaches all layers
    backbone.trainable = True
    for place, layer in enumerate(backbone.layers):
        layer.trainable = place in kept
    return backbone


# %% count_parameters
def count_parameters(model):
    unique = {id(v): v for v in model.weights}
    learning = {id(v) for v in model.trainable_weights}
    sizes = pd.Series({key: int(np.prod(v.shape)) for key, v in unique.items()}, dtype="int64")
    mask = sizes.index.isin(learning)
    return {"trainable": sizes[mask].sum(), "frozen": sizes[~mask].sum()}


# %% compare_strategies
def compare_strategies(make_backbone, training, validation, fractions, head_epochs, epochs):
    images, labels = training

    def flat_model():
        source = make_backbone()
        backbone = keras.models.clone_model(source)
        backbone.set_weights(source.get_weights())
        x = layers.GlobalMaxPooling2D(name="pooled")(backbone.output)
        x = layers.Dense(32, activation="gelu", name="hidden")(x)
        x = keras.ops.softmax(layers.Dense(int(np.max(labels)) + 1, name="logits")(x))
        return backbone, keras.Model(backbone.input, x)

    backbone, first = flat_model()
    backbone.trainable = False
    first.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    first.fit(images, labels, epochs=head_epochs, batch_size=BATCH_SIZE, validation_data=validation, verbose=0)
    rows, kept = [], []
    for fraction in fractions:
        backbone, model = flat_model()
        for name in ("hidden", "logits"):
            model.get_layer(name).set_weights(first.get_layer(name).get_weights())
        unfreeze_fraction(backbone, fraction)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        begin = time.perf_counter()
        model.fit(images, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
        duration = time.perf_counter() - begin
        predicted = np.argmax(model.predict(validation[0], verbose=0), axis=-1)
        rows.append((fraction, count_parameters(model)["trainable"], np.mean(predicted == validation[1]), duration))
        kept.append(model.get_weights())
    table = pd.DataFrame.from_records(rows, columns=["fraction", "trainable", "val_accuracy", "seconds"])
    # The models are kept as arrays only; the best one is put together again.
    _, best_model = flat_model()
    best_model.set_weights(kept[table.val_accuracy.idxmax()])
    best_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return table.set_index("fraction").reset_index(), best_model


# %% best_strategy
def best_strategy(table, tolerance):
    frame = table.loc[~table.val_accuracy.isna()]
    frame = frame.query("val_accuracy >= val_accuracy.max() - @tolerance")
    return frame.nsmallest(1, ["trainable", "fraction"]).fraction.item()


# %% figure
import seaborn as sns

sns.scatterplot(table.assign(unfrozen=table.fraction.astype(str)), x="seconds", y="val_accuracy", hue="unfrozen")
