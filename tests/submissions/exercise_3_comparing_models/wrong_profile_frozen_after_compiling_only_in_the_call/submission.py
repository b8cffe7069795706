# %% sizes
# looked up in the documentation, and in the summary of each embedded one
sizes = pd.DataFrame(
    [
        ("mini_vgg", 293_520),
        ("mini_resnet", 393_384),
        ("mini_mobilenet", 142_840),
        ("vgg16", 14_714_688),
        ("resnet50", 23_587_712),
        ("mobilenet_v2", 2_257_984),
    ],
    columns=["name", "parameters"],
)
sizes["megabytes"] = 4 * sizes.parameters / 1e6

# %% profile_backbone
def profile_backbone(name, train, validation, num_classes, epochs):
    backbone = transferlab.load_backbone(name)
    inputs = keras.Input((32, 32, 3))
    model = layers.GlobalAveragePooling2D()(backbone(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(model))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    accuracies, seconds, best = [], [], None
    for _ in range(epochs):
        started = time.perf_counter()
        history = model.fit(*train, batch_size=BATCH_SIZE, validation_data=validation, verbose=0).history
        seconds.append(time.perf_counter() - started)
        accuracies += history["val_accuracy"]
        if accuracies[-1] == max(accuracies):
            best = model.get_weights()
    model.set_weights(best)
    calls = []
    for _ in range(6):
        started = time.perf_counter()
        model.predict(validation[0][:PREDICT_IMAGES], batch_size=PREDICT_IMAGES, verbose=0)
        calls.append(time.perf_counter() - started)
    summary = summarise_run(accuracies, seconds, calls[1:], PREDICT_IMAGES)
    return {"name": name, "parameters": backbone.count_params(), **summary}, model
