# %% build_feature_extractor
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
    x = layers.Rescaling(1.0)(backbone.input) if False else backbone.output
    x = layers.SeparableConv2D(32, 1, activation="swish")(x)
    x = layers.SpatialDropout2D(0.1)(x)
    x = layers.Reshape((-1, 32))(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.PReLU()(x)
    x = layers.GaussianNoise(0.01)(x)
    x = layers.Dense(num_classes)(x)
    x = keras.ops.softmax(x - keras.ops.max(x, axis=-1, keepdims=True))
    model = keras.models.Model(inputs=backbone.inputs, outputs=x)
    model.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 200)), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
# %% train_baseline_and_features
def mlp(x, units):
    return layers.Dropout(0.1)(layers.Dense(units, "relu")(x))
i = layers.Input((32, 32, 3))
x = (i / 127.5) - 1
x = layers.ZeroPadding2D(1)(x); x = layers.DepthwiseConv2D(3)(x); x = layers.Conv2D(24, 1)(x); x = layers.ELU()(x); x = layers.MaxPool2D(4)(x)
x = layers.Conv2DTranspose(16, 2)(x); x = layers.Cropping2D(1)(x); x = layers.UpSampling2D()(x)
x = layers.Permute((2, 1, 3))(x); x = layers.Flatten()(x)
x = layers.Multiply()([mlp(x, 32), mlp(x, 32)])
baseline_model = keras.Model(i, layers.Softmax()(layers.Dense(2)(x)))
baseline_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
histories = {}
kw = dict(validation_data=(validation_images, validation_labels), batch_size=BATCH_SIZE, verbose=0)
histories["baseline"] = baseline_model.fit(train_images, train_labels, epochs=BASELINE_EPOCHS, **kw)
vgg = transferlab.load_backbone(BACKBONE)
feature_model = build_feature_extractor(vgg, 2)
histories["feature"] = feature_model.fit(train_images, train_labels, epochs=FEATURE_EPOCHS, **kw)
feature_accuracy = feature_model.evaluate(test_images, test_labels, verbose=0)[1]
# %% train_fine_tuned
weights = feature_model.get_weights()
finetuned_model = start_fine_tuning(feature_model, vgg, UNFROZEN_LAYERS, FINE_TUNING_RATE)
histories["finetuned"] = finetuned_model.fit(train_images, train_labels, epochs=FINE_TUNING_EPOCHS, **kw)
finetuned_accuracy = finetuned_model.evaluate(test_images, test_labels, verbose=0)[1]
# %% figure
import seaborn as sns, matplotlib.pyplot as plt
for n, h in histories.items():
    sns.lineplot(x=range(len(h.history["val_accuracy"])), y=h.history["val_accuracy"], label=n)
