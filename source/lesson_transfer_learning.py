# %% [markdown]
# # Transfer learning: start from what another network has learnt
#
# | | |
# |---|---|
# | **Difficulty** | intermediate |
# | **Time** | 45 to 60 minutes for the main line; as long again if you open everything headed *Go deeper* |
# | **You need** | Python and NumPy; what a convolution, a loss and an epoch are; having built and fitted one model in Keras |
# | **Neighbours** | modules 05, 07 and 09 of the course come before this one, module 11 after it |
# | **Computing** | a few minutes on two processor cores, with photographs up to a quarter of an hour, all cells together; the last cell says how many on yours. No graphics card, no network |
#
# Each objective below is answered by a section here and tried by a task in the exercises.
#
# | after this lesson you can … | section | exercise and task |
# |---|---|---|
# | say what is transferred, why that helps, and when it does not | 1, 5, 9 | 1: the written question |
# | set up a fair comparison on little data, with a baseline and a control | 3, 4, 6 | 1: `select_classes`, `sample_per_class`, `split_train_validation` |
# | put a new head on a frozen backbone, and prove that it is frozen | 6 | 1: `build_feature_extractor` |
# | fine-tune in two stages: small learning rate, compile again, BatchNormalization frozen | 7, 11 | 1: `start_fine_tuning`; 2: `unfreeze_fraction`, `count_parameters` |
# | tell a difference between two models from luck | 3, 8 | 1: the training; 2: `compare_strategies` |
# | choose an architecture by accuracy, size and speed | 10 | 3: `profile_backbone`, `comparison_table`, `pareto_front` |
# | decide between training from scratch, frozen features and fine-tuning | 12 | 2: `best_strategy`; 3: `recommend` |
#
# **How to read it.** Before each result there is a question. Answer it, in writing if you can, *before* you run the cell:
# a surprise is only a surprise to somebody who expected something. Sections headed *Go deeper* are folded; in JupyterLab
# and Notebook a click on the arrow beside the heading opens them. They run along when you run everything.
#
# **About the numbers.** Every measured number is printed by a cell, so it is your machine's number. The prose holds
# settings, and results of others with their source.

# %% [markdown]
# ## 1 What is transferred, and why it works
#
# A network that tells pictures apart does two jobs. Its first layers turn pixels into *features*: edges, corners,
# textures, then parts of things. Its last layer weighs those features and names a class. The first job is expensive: it
# takes most of the weights and most of the pictures. The second is cheap. And the first job is much the same for many
# tasks, since edges and corners serve houses as well as mushrooms.
#
# So let a network learn the first job where pictures are plenty, the **source**, cut off its last layer, and keep the rest,
# the **backbone**. For your own task, the **target**, put a new last part on it, the **head**. There are two ways to go on:
#
# | | the backbone | the head | what it costs |
# |---|---|---|---|
# | **feature extraction** | frozen: stays bit for bit as it was | learns | little |
# | **fine-tuning** | its last layers learn too, slowly | learns on | more, and a few traps |
#
# Why should it work? Yosinski et al. cut networks at every depth and found that first layers transfer to nearly
# anything, while last layers are specialised for their source; the further apart two tasks are, the less the late layers
# are worth ([2014](https://arxiv.org/abs/1411.1792)). Neyshabur et al. found that reuse of features is not all: pretrained
# weights also bring well-scaled layers and low-level statistics, which help even with scrambled images
# ([2020](https://arxiv.org/abs/2008.11687)). So "it reuses features" is most of the answer, and not the whole.

# %% [markdown]
# ## 2 Set-up
#
# `FAST = True` halves the epochs and takes one seed less, for a first look. `DATA_SOURCE` names the images; everything
# below follows it.
#
# TensorFlow may greet you with a line that says "oneDNN custom operations are on". That is no error: it makes training on
# Intel and AMD processors about twice as fast, and lets the last digits differ between computers. In the exercises it is off,
# because a grader has to get your digits.

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no greetings from its inner parts

import logging
import time

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from keras import layers

import transferlab
from transferlab import show

logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of many new models, and here they are the point

DATA_SOURCE = "sketches"  # where the images come from; your instructor's choice
FAST = False  # True: half the epochs and two seeds, for a first look

COURSE = transferlab.course_data(DATA_SOURCE)
BACKBONE = COURSE.backbone
SCRATCH_EPOCHS, HEAD_EPOCHS, TUNING_EPOCHS = (6, 4, 2) if FAST else (12, 8, 4)  # 12 = 8 + 4: the same for everybody
SEEDS = (1, 2) if FAST else (1, 2, 3)
HEAD_RATE = 1e-3  # learning rate of the first stage
TUNING_RATE = 3e-4 if DATA_SOURCE == "sketches" else 3e-5  # of the second; networks for photographs bear smaller steps only
BATCH_SIZE = 32
UNFREEZE_FROM = {  # where the last block of each backbone begins
    "mini_vgg": "block4_conv1",
    "mini_resnet": "stage3_block2_1_conv",
    "mini_mobilenet": "block7_expand_conv",
    "mobilenet_0.75@96": "conv_dw_12",
    "mobilenet_v2_0.35@96": "block_16_expand",
}
begun = time.perf_counter()

# %% [markdown]
# Two helpers that every section uses. Note what the first one does before it trains: it **compiles**. That line is the
# hero of section 11.

# %%
def compile_and_fit(model, data, watched, epochs, rate, name):
    """Compile anew, train with a progress line, and return what `fit` recorded; `watched` may be None."""
    model.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(
        data.images,
        data.labels,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(watched.images, watched.labels) if watched else None,
        verbose=0,
        callbacks=[transferlab.epoch_bar(name)],
    ).history


def accuracy(model, data):
    """Share of the images a model gets right, from 0 to 1."""
    said = model.predict(data.images, batch_size=100, verbose=0).argmax(axis=1)
    return float(np.mean(said == data.labels))


def percent(share, digits=1):
    """A share as text: 0.123 becomes "12.3 %"."""
    return f"{100 * share:.{digits}f} %"


# %% [markdown]
# ## 3 A thousand pictures
#
# Pretraining data count in millions, your own in hundreds. We act out that everyday case: 100 training images of each of
# ten classes, 1,000 in all. There are some more to watch the training with, and a test set that is larger than real life
# would grant, so that differences can be seen at all. It is used for the final numbers of each section and never to
# choose a setting.

# %%
train, validation, test = (
    loaded._replace(images=loaded.images.astype("float32"))
    for loaded in (
        transferlab.load_images(DATA_SOURCE, "train", classes=COURSE.classes, per_class=100, seed=51),
        transferlab.load_images(DATA_SOURCE, "validation", classes=COURSE.classes, per_class=50, seed=52),
        transferlab.load_images(DATA_SOURCE, "test", classes=COURSE.classes, per_class=200, seed=53),
    )
)
CLASS_NAMES = train.class_names
pd.DataFrame(
    {name: [*part.images.shape, part.images.min(), part.images.max()] for name, part in
     (("train", train), ("validation", validation), ("test", test))},
    index=["images", "height", "width", "colours", "lowest level", "highest level"],
).astype(int)

# %% [markdown]
# **Look before you train.** Which of these would a network that only sees colours get right? One that only sees where
# something is? What makes two pictures of one class alike?

# %%
show(
    transferlab.plot_images(train.images, train.labels, CLASS_NAMES, rows=3, columns=10),
    alt=f"Thirty small training images with their class above: {', '.join(CLASS_NAMES)}. Colours, places and sizes vary freely.",
    caption="The first thirty training images.",
    table=pd.DataFrame({"training images": np.bincount(train.labels)}, index=CLASS_NAMES),
)

# %% [markdown]
# **How sure is an accuracy?** It is a share of images, and shares scatter. With accuracy $p$ on $n$ images the standard
# error is $\sqrt{p(1-p)/n}$; two models closer than about two of those may well be equal.

# %%
for images_tested in (100, len(test.labels)):
    error = np.sqrt(0.8 * 0.2 / images_tested)
    print(f"an accuracy of 80 % measured on {images_tested} images: standard error {percent(error)}")

# %% [markdown]
# ## 4 The baseline: a network from scratch
#
# Without a baseline nobody can say what transfer is worth. Ours is a usual small convolutional network with random weights.
#
# > **Predict first.** Guessing gets one in ten right. How far does a network from scratch get with 100 images a class?
# > And how far apart will its training and its validation accuracy be?
#
# <details><summary>An answer</summary>
#
# Well above guessing, well below useful. It has to find out what an edge is, what a corner is, and which arrangement
# makes a class, all from the same few images. It can also learn those images by heart, so expect training accuracy to
# climb on while validation accuracy lags: a gap that more epochs widen rather than close.
# </details>
#
# Takes some ten seconds.

# %%
def small_network(classes):
    """A plain convolutional network with random weights, raw images in."""
    blocks = [layers.Rescaling(1 / 127.5, offset=-1)]
    for filters in (16, 32, 64):
        blocks += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input(COURSE.input_shape), *blocks, *head, layers.Dense(classes, "softmax")])


keras.utils.set_random_seed(SEEDS[0])
scratch_model = small_network(len(CLASS_NAMES))
histories = {"scratch": compile_and_fit(scratch_model, train, validation, SCRATCH_EPOCHS, HEAD_RATE, "scratch")}
scratch_accuracy = accuracy(scratch_model, test)
curves = {
    "training": {"accuracy": histories["scratch"]["accuracy"]},
    "validation": {"accuracy": histories["scratch"]["val_accuracy"]},
}
axes = transferlab.plot_histories(curves, "accuracy")
axes.set_ylabel("accuracy (%)")
show(
    axes,
    alt="Training and validation accuracy of the network from scratch over the epochs.",
    caption=f"From scratch: {percent(scratch_accuracy)} of the test images right, guessing {percent(0.1)}.",
    table=pd.DataFrame(histories["scratch"]).round(3),
)

# %% [markdown]
# ## 5 Pretrained networks, and what their layers have learnt
#
# `load_backbone` gives a network without its last layers: raw images in, a stack of small feature maps out. The right
# preprocessing is its first layer, so never scale images yourself. The small `mini_…` networks that come with this course
# have learnt to tell 80 kinds of drawn emblems apart, none of which is among our classes. But emblems and sketches are
# drawn by one program from the same simple shapes: this is a **close source**, and the gain you will see is larger than
# from photographs to X-rays, say. `mobilenet` and its kin have learnt from the photographs of ImageNet.

# %%
backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
untrained = transferlab.load_backbone(BACKBONE, weights=None, input_shape=COURSE.input_shape)
weighted = [layer for layer in backbone.layers if layer.weights]
Markdown(
    f"`{BACKBONE}`: {len(backbone.layers)} layers, {len(weighted)} of them with weights, {backbone.count_params():,} "
    f"parameters. An image of shape {COURSE.input_shape} leaves it as a map of shape {tuple(backbone.output.shape[1:])}."
)

# %% [markdown]
# **First layer.** Its filters look at colours directly, so they can be drawn as tiny pictures; grey is zero.
#
# > **Predict first.** Could you tell the filters of a trained network from random ones?

# %%
def first_filters(network):
    """The kernel of the first convolution, (height, width, 3, filters)."""
    return next(layer for layer in network.layers if isinstance(layer, layers.Conv2D)).get_weights()[0]


smoothness = {
    name: float(np.mean([np.corrcoef(f[:-1].ravel(), f[1:].ravel())[0, 1] for f in np.moveaxis(first_filters(net), 3, 0)]))
    for name, net in (("pretrained", backbone), ("random", untrained))
}
show(
    transferlab.plot_filters({"pretrained": first_filters(backbone), "random": first_filters(untrained)}),
    alt="Filters of the first layer as small coloured squares, pretrained in the upper block, random in the lower.",
    caption="Light against dark along a line is an edge; one colour against its opposite is a colour contrast. In nine "
    "pixels there is little to see, and few people can tell the two apart; the answers of later layers tell more. "
    f"How alike neighbouring rows of a filter are, on average: {smoothness['pretrained']:.2f} pretrained, "
    f"{smoothness['random']:.2f} random (correlation).",
    table=pd.DataFrame({"correlation of neighbouring rows": smoothness}).round(2),
)

# %% [markdown]
# **Feature maps.** The same picture, seen by an early layer and then by later and later ones. Early maps still show the
# picture; late ones have few pixels left, each saying "something like that is here".

# %%
answering = [layer for layer in backbone.layers if layer.weights or isinstance(layer, layers.ReLU | layers.Activation)]
last_of_size = {layer.output.shape[1:3]: layer for layer in [*answering, backbone.layers[-1]]}
looked_at = list(last_of_size.values())[:5]
spy = keras.Model(backbone.input, [layer.output for layer in looked_at])
example = train.images[:1]
maps = {layer.name: made[0] for layer, made in zip(looked_at, spy.predict(example, verbose=0), strict=True)}
show(
    transferlab.plot_feature_maps(example[0], maps),
    alt=f"A picture of class {CLASS_NAMES[train.labels[0]]}, and a row of feature maps for each of {len(maps)} layers, ever coarser.",
    caption="Each row is a layer, each small picture one of its channels: yellow is a strong answer.",
    table=pd.DataFrame({name: {"silent values": percent(np.mean(values <= 0), 0)} for name, values in maps.items()}).T,
)

# %% [markdown]
# **Last layer.** Its maps are too small to look at. So ask the other way round: which of our 1,000 images excite a channel
# most? We take the five channels whose answers vary most and that do not repeat one another.
#
# > **Predict first.** The network has never seen these classes. Will a channel's favourites share a *class*, a *shape*, a
# > *colour*, or nothing?

# %%
def features_of(network, data):
    """The same set with each image replaced by its features: the maps of a backbone, averaged over their pixels."""
    maps = network.predict(data.images, batch_size=100, verbose=0)
    return data._replace(images=maps.mean(axis=(1, 2)))


train_features, validation_features, test_features = (features_of(backbone, part) for part in (train, validation, test))
answers = train_features.images
liveliest = []
for channel in np.argsort(answers.std(axis=0))[::-1].tolist():  # skip those that repeat an earlier one
    if all(abs(np.corrcoef(answers[:, channel], answers[:, other])[0, 1]) < 0.2 for other in liveliest):
        liveliest.append(channel)
    if len(liveliest) == 5:
        break
favourites = {
    channel: train.labels[np.argsort(train_features.images[:, channel])[::-1][:8]] for channel in liveliest
}
show(
    transferlab.plot_strongest(train.images, train_features.images, liveliest),
    alt="Five rows of eight images, the favourites of five channels of the last layer.",
    caption="What the images in a row share is what the channel has learnt to see: a form, mostly, rather than a class.",
    table=pd.DataFrame({channel: [CLASS_NAMES[label] for label in labels] for channel, labels in favourites.items()}).T,
)

# %% [markdown]
# **All features at once.** Each image is a point: of 3,072 pixel values, or of a backbone's features. The map below lays the
# two directions of largest spread on paper (a principal component analysis). Two dimensions show little of many, so we also
# count, in all dimensions, how many of an image's five nearest neighbours share its class.
#
# > **Predict first.** By pixels, by features of the *random* network, by features of the pretrained one: in which of the
# > three will neighbours share a class most often?
#
# <details><summary>An answer</summary>
#
# Pixels put images together that have alike backgrounds. A random network mixes those pixels and knows no better. The
# pretrained one has thrown away much of what did not matter for its source, such as background, place and colour, and
# what is left is closer to what matters here. None of the three has seen a single label of ours.
# </details>

# %%
def on_paper(points):
    """The two principal components of points (n, dimensions)."""
    centred = (points - points.mean(axis=0)) / (points.std(axis=0) + 1e-6)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return left[:, :2] * sizes[:2]


def shared_class(points, labels, neighbours=5):
    """Share of each point's nearest neighbours that have its label; features on a common scale first."""
    scaled = (points - points.mean(axis=0)) / (points.std(axis=0) + 1e-6)
    squares = (scaled**2).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2 * scaled @ scaled.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :neighbours]
    return float(np.mean(labels[nearest] == labels[:, None]))


clouds = {
    "pixels": validation.images.reshape(len(validation.images), -1),
    "random features": features_of(untrained, validation).images,
    "pretrained features": validation_features.images,
}
shared = {name: shared_class(cloud, validation.labels) for name, cloud in clouds.items()}
titles = {name: f"{name}: {percent(share, 0)} shared" for name, share in shared.items()}
show(
    transferlab.plot_embeddings({titles[name]: on_paper(cloud) for name, cloud in clouds.items()}, validation.labels, CLASS_NAMES),
    alt="Three clouds of points, coloured by class: by pixels, by random features, by pretrained features.",
    caption="500 validation images; a large mark is the middle of a class. The share is that of neighbours with the same class, counted in all dimensions.",
    table=pd.DataFrame({"neighbours that share the class": {name: percent(share) for name, share in shared.items()}}),
)

# %% [markdown]
# ## 6 Feature extraction
#
# Freeze the backbone, put a head on it, train the head. `trainable = False` on a model sets the flag of every layer inside.
#
# > **Predict first.** Same images, fewer epochs than the baseline. How far does a head on frozen features get?

# %%
def new_head(classes, dropout_seed=None):
    """Layers that turn a backbone's maps into probabilities."""
    return [
        layers.GlobalAveragePooling2D(),
        layers.Dense(64, "relu"),
        layers.Dropout(0.2, seed=dropout_seed),
        layers.Dense(classes, activation="softmax"),
    ]


keras.utils.set_random_seed(SEEDS[0])
backbone.trainable = False
feature_model = keras.Sequential([backbone, *new_head(len(CLASS_NAMES))])
backbone_before = backbone.get_weights()
histories["features"] = compile_and_fit(feature_model, train, validation, HEAD_EPOCHS, HEAD_RATE, "features")
feature_accuracy = accuracy(feature_model, test)
feature_says = feature_model.predict(test.images, batch_size=100, verbose=0).argmax(axis=1)
feature_weights = feature_model.get_weights()

# %% [markdown]
# **Prove that it is frozen.** A summary shows flags. What counts is what training did, so compare the arrays.

# %%
changed = sum(not np.array_equal(old, new) for old, new in zip(backbone_before, backbone.get_weights(), strict=True))
trained = sum(int(np.prod(weight.shape)) for weight in feature_model.trainable_weights)
Markdown(
    f"{changed} of {len(backbone_before)} arrays of the backbone changed. {trained:,} parameters were trained, "
    f"{backbone.count_params():,} were not. Test accuracy {percent(feature_accuracy)}, from scratch {percent(scratch_accuracy)}."
)

# %% [markdown]
# **The control.** Is it the *learnt* weights that help, or would any fixed network do, since the head adapts? Take the same
# backbone with random weights, freeze it, train the same head.
#
# > **Predict first.** Nearer to guessing, nearer to the baseline, or nearer to the pretrained one?

# %%
def head_on_features(data, watched, tested, epochs=HEAD_EPOCHS, rate=HEAD_RATE, name="head", seed=SEEDS[0]):
    """Train a head on ready features; return its accuracy on `tested`. Why this is allowed: see the next section."""
    keras.utils.set_random_seed(seed)
    head = keras.Sequential([keras.Input(data.images.shape[1:]), *new_head(len(data.class_names))[1:]])
    compile_and_fit(head, data, watched, epochs, rate, name)
    return accuracy(head, tested)


random_accuracy = head_on_features(*(features_of(untrained, part) for part in (train, validation, test)), name="random")
show(
    transferlab.plot_comparison(
        {"scratch": scratch_accuracy, "frozen, random": random_accuracy, "frozen, pretrained": feature_accuracy}, chance=0.1
    ),
    alt=f"Bars of test accuracy: scratch {percent(scratch_accuracy)}, frozen random {percent(random_accuracy)}, frozen pretrained {percent(feature_accuracy)}.",
    caption="It is the learnt weights: the same architecture with random ones gives the head little to work with.",
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: features computed once and used again
#
# A frozen backbone says the same about an image in every epoch. So ask it once, keep the answers, and train the head alone.
# That is no approximation. It stops being allowed the moment images change between epochs (augmentation inside the model)
# or the backbone does (fine-tuning).
#
# > **Predict first.** What part of the time will be left?

# %%
started = time.perf_counter()
keras.utils.set_random_seed(5)
slow_model = keras.Sequential([transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape), *new_head(10, dropout_seed=5)])
slow_model.layers[0].trainable = False
slow_head_weights = [layer.get_weights() for layer in slow_model.layers[1:]]
keras.utils.set_random_seed(6)
compile_and_fit(slow_model, train, validation, HEAD_EPOCHS, HEAD_RATE, "whole model")
slow_seconds = time.perf_counter() - started

started = time.perf_counter()
ready = [features_of(backbone, part) for part in (train, validation)]
feature_seconds = time.perf_counter() - started
keras.utils.set_random_seed(5)
quick_model = keras.Sequential([keras.Input(ready[0].images.shape[1:]), *new_head(10, dropout_seed=5)[1:]])
for layer, arrays in zip(quick_model.layers, slow_head_weights[1:], strict=True):
    layer.set_weights(arrays)  # both heads start from the same weights, and drop the same units
keras.utils.set_random_seed(6)
compile_and_fit(quick_model, *ready, HEAD_EPOCHS, HEAD_RATE, "head on features")
quick_seconds = time.perf_counter() - started

both = slow_model.predict(test.images, verbose=0), quick_model.predict(test_features.images, verbose=0)
pd.DataFrame(
    {
        "whole model": [accuracy(slow_model, test), slow_seconds, 0.0],
        "head on features": [accuracy(quick_model, test_features), quick_seconds, feature_seconds],
    },
    index=["test accuracy", "seconds in all", "of these for the features"],
).round(3)

# %%
Markdown(
    f"The two say the same about {percent(np.mean(both[0].argmax(axis=1) == both[1].argmax(axis=1)))} of the test images; "
    f"the time is {percent(quick_seconds / slow_seconds, 0)} of what it was. A second head costs only "
    f"{quick_seconds - feature_seconds:.1f} s, as the features are there already."
)

# %% [markdown]
# ## 7 Fine-tuning, in two stages
#
# The frozen features were made for the source. Let the last block of the backbone adapt, too. Three rules make this safe:
#
# 1. **Head first.** A random head sends large, useless gradients down; they would push good features about. Kumar et al.
#    show that fine-tuning with a random head distorts features, and that head first, then all, avoids it
#    ([2022](https://arxiv.org/abs/2202.10054)). We have a trained head already: stage one was section 6.
# 2. **Small learning rate**, so that features are adjusted and not overwritten.
# 3. **Compile again** after changing flags, and leave **BatchNormalization frozen**. Section 11 shows why.
#
# > **Predict first.** How much will a second stage of few epochs add? And will it help every class?
#
# <details><summary>An answer</summary>
#
# Some points, less than the step from scratch to frozen features: most of the good was in the features already. Not
# every image gains. Some that were right will be wrong afterwards, which section 8 shows.
# </details>

# %%
def unfreeze_from(network, name):
    """Let the layers from `name` on learn, except BatchNormalization; freeze those before."""
    network.trainable = True
    position = [layer.name for layer in network.layers].index(name)
    for number, layer in enumerate(network.layers):
        layer.trainable = number >= position and not isinstance(layer, layers.BatchNormalization)


unfreeze_from(backbone, UNFREEZE_FROM[BACKBONE])
keras.utils.set_random_seed(SEEDS[0])
histories["fine-tuned"] = compile_and_fit(feature_model, train, validation, TUNING_EPOCHS, TUNING_RATE, "fine-tuning")
tuned_model = feature_model  # the same object: fine-tuning changed it in place
tuned_accuracy = accuracy(tuned_model, test)
tuned_says = tuned_model.predict(test.images, batch_size=100, verbose=0).argmax(axis=1)
curves = {
    "scratch": {"val_accuracy": histories["scratch"]["val_accuracy"]},
    "features": {"val_accuracy": histories["features"]["val_accuracy"]},
    "then fine-tuned": {
        "val_accuracy": [np.nan] * (HEAD_EPOCHS - 1)
        + histories["features"]["val_accuracy"][-1:]
        + histories["fine-tuned"]["val_accuracy"]
    },
}
show(
    transferlab.plot_histories(curves),
    alt="Validation accuracy over the epochs: scratch stays low, features start high, fine-tuning goes on from there.",
    caption=f"Equal epochs for both ways. On the test images: scratch {percent(scratch_accuracy)}, features "
    f"{percent(feature_accuracy)}, fine-tuned {percent(tuned_accuracy)}.",
    table=pd.DataFrame({name: pd.Series(curve["val_accuracy"]) for name, curve in curves.items()}).round(3),
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: five learning rates
#
# The second stage again, five times from the same first stage, with rates a factor of ten or so apart. Takes some twenty
# seconds.
#
# > **Predict first.** Which rate does nothing? Which does harm? How wide is the range that works?

# %%
def second_stage(rate, name, network=BACKBONE, weights=feature_weights):
    """Fine-tune a fresh copy of the model of section 6; return its accuracy on the test images."""
    copy = transferlab.load_backbone(network, input_shape=COURSE.input_shape)
    model = keras.Sequential([copy, *new_head(len(CLASS_NAMES))])
    model.set_weights(weights)
    unfreeze_from(copy, UNFREEZE_FROM[network])
    keras.utils.set_random_seed(SEEDS[0])
    compile_and_fit(model, train, None, TUNING_EPOCHS, rate, name)
    return accuracy(model, test)


by_rate = {f"{rate:.0e}": second_stage(rate, f"rate {rate:.0e}") for rate in (1e-5, 1e-4, 3e-4, 1e-3, 1e-2)}
show(
    transferlab.plot_comparison({"no second stage": feature_accuracy, **by_rate}, chance=0.1),
    alt="Bars of test accuracy after the second stage for five learning rates, beside the frozen features.",
    caption=f"The smallest rate gains {percent(by_rate['1e-05'] - feature_accuracy)} in so few steps, the best rate "
    f"{percent(max(by_rate.values()) - feature_accuracy)}; the largest ends {percent(max(by_rate.values()) - by_rate['1e-02'])} below "
    "the best. One run each: neighbours within a point or two may change places.",
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: what "the last four layers" really holds
#
# Tutorials like to unfreeze `model.layers[-4:]`. Look at what that is in two well-known networks (built with random
# weights here; we only count).
#
# > **Predict first.** How many parameters would learn in each?

# %%
rows_of_networks = []
for name in ("vgg16", "resnet50"):
    network = transferlab.load_backbone(name, weights=None)
    counted = [layer for layer in network.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    choices = {
        "layers[-4:]": network.layers[-4:],
        "layers[-4:], had it a pooling layer at its end": network.layers[-3:],
        "last four that count": counted[-4:],
    }
    for what, chosen in choices.items():
        rows_of_networks.append(
            {
                "network": name,
                "choice": what,
                "layers": ", ".join(layer.name for layer in chosen),
                "trainable parameters": sum(layer.count_params() for layer in chosen if layer in counted),
                "of BatchNormalization": sum(layer.count_params() for layer in chosen if layer not in counted),
            }
        )
pd.DataFrame(rows_of_networks).style.format(thousands=",").hide(axis="index").set_properties(**{"text-align": "left"})

# %% [markdown]
# The same four letters mean very different things. Layers without weights take places, BatchNormalization takes another,
# and what is left differs from network to network; with a pooling layer at its end (`pooling="avg"`), nothing of ResNet50
# would learn but a BatchNormalization, which should not. So in this course **a layer counts if it has weights and is not
# BatchNormalization**, and exercises 1 and 2 count like that.

# %% [markdown]
# ## 8 All approaches, and luck
#
# One run each is an anecdote. Repeat all of it with other random weights, another order of images, other dropout. A frozen
# backbone says the same about an image in every epoch, so here it is asked once. Takes about a minute, with photographs
# some minutes.
#
# > **Predict first.** Which differences will be larger than the spread between seeds?

# %%
def with_ready_head(network, name):
    """Freeze a backbone and put a trained head on it, trained on the backbone's maps: the same as section 6, but quicker."""
    network.trainable = False
    maps = [
        part._replace(images=network.predict(part.images, batch_size=100, verbose=0)) for part in (train, validation)
    ]
    head = keras.Sequential([keras.Input(maps[0].images.shape[1:]), *new_head(len(CLASS_NAMES))])
    compile_and_fit(head, *maps, HEAD_EPOCHS, HEAD_RATE, name)
    return keras.Sequential([network, *head.layers])


def one_round(seed):
    """Train every approach once; return their accuracies on the test images."""
    keras.utils.set_random_seed(seed)
    scratch = small_network(len(CLASS_NAMES))
    compile_and_fit(scratch, train, validation, SCRATCH_EPOCHS, HEAD_RATE, f"seed {seed}, scratch")
    blank = transferlab.load_backbone(BACKBONE, weights=None, input_shape=COURSE.input_shape)
    blank_features = [features_of(blank, part) for part in (train, validation, test)]
    found = {"scratch": accuracy(scratch, test)}
    found["frozen, random"] = head_on_features(*blank_features, name=f"seed {seed}, random", seed=seed)

    copy = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
    model = with_ready_head(copy, f"seed {seed}, features")
    found["frozen, pretrained"] = accuracy(model, test)
    unfreeze_from(copy, UNFREEZE_FROM[BACKBONE])
    compile_and_fit(model, train, None, TUNING_EPOCHS, TUNING_RATE, f"seed {seed}, fine-tuning")
    found["fine-tuned"] = accuracy(model, test)
    return found


rounds = pd.DataFrame([one_round(seed) for seed in SEEDS], index=pd.Index(SEEDS, name="seed"))
spread = pd.DataFrame({"mean": rounds.mean(), "standard deviation": rounds.std(), "least": rounds.min(), "most": rounds.max()})
show(
    transferlab.plot_spread({name: rounds[name].tolist() for name in rounds}, chance=0.1),
    alt="A row of dots for each approach, one dot a seed: " + ", ".join(f"{name} {percent(rounds[name].mean())}" for name in rounds) + ".",
    caption=f"{len(SEEDS)} seeds. The test images are the same, so this spread is that of training alone.",
    table=spread.round(3),
)

# %%
gain = rounds["fine-tuned"] - rounds["frozen, pretrained"]
lead = rounds["frozen, pretrained"] - rounds["scratch"]
Markdown(
    f"Frozen features lead the baseline by {percent(lead.min())} to {percent(lead.max())}, "
    + ("in every seed. " if lead.min() > 0 else "not in every seed. ")
    + f"Fine-tuning adds {percent(gain.min())} to {percent(gain.max())}, on average {percent(gain.mean())} with a standard "
    f"deviation of {percent(gain.std())} between the seeds. For so few seeds that is a hint, not a proof; all rounds saw the "
    "same training images, too."
)

# %% [markdown]
# **What is still confused?** Rows are what it was, columns what the fine-tuned model said.

# %%
confusion = transferlab.confusion_counts(test.labels, tuned_says, len(CLASS_NAMES))
mistaken = confusion - np.diag(np.diag(confusion))
worst_row, worst_column = np.unravel_index(mistaken.argmax(), mistaken.shape)
show(
    transferlab.plot_confusion(test.labels, tuned_says, CLASS_NAMES),
    alt="Confusion matrix of the fine-tuned model on the test images; the numbers are in the table.",
    caption=f"Most often, a {CLASS_NAMES[worst_row]} was taken for a {CLASS_NAMES[worst_column]}: {mistaken.max()} of 200.",
    table=pd.DataFrame(confusion, index=CLASS_NAMES, columns=CLASS_NAMES),
)

# %% [markdown]
# **Which images changed sides?** Accuracy is a difference of two numbers; here are the images behind it. Look at the lost
# ones: would you have got them right?

# %%
show(
    transferlab.plot_changed_sides(test.images, test.labels, feature_says, tuned_says, CLASS_NAMES),
    alt="Upper row: images that fine-tuning won, lower row: images it lost, each with its class and the wrong answer.",
    caption="From frozen features to fine-tuned. The gain is what is won less what is lost.",
    table=pd.crosstab(
        pd.Series(np.where(feature_says == test.labels, "right", "wrong"), name="frozen features"),
        pd.Series(np.where(tuned_says == test.labels, "right", "wrong"), name="fine-tuned"),
    ),
)

# %% [markdown]
# **And the map of section 5?** The same validation images, before and after the backbone's last block has adapted. It was
# trained on other images of these classes.

# %%
tuned_cloud = features_of(backbone, validation).images
shared["fine-tuned features"] = shared_class(tuned_cloud, validation.labels)
show(
    transferlab.plot_embeddings(
        {
            f"before: {percent(shared['pretrained features'], 0)} shared": on_paper(validation_features.images),
            f"after: {percent(shared['fine-tuned features'], 0)} shared": on_paper(tuned_cloud),
        },
        validation.labels,
        CLASS_NAMES,
    ),
    alt="Two clouds of points coloured by class: frozen features, and features after fine-tuning, where classes lie further apart.",
    caption="Fine-tuning draws the images of a class together; a large mark is the middle of a class.",
    table=pd.DataFrame({"neighbours that share the class": {name: percent(share) for name, share in shared.items()}}),
)

# %% [markdown]
# ## 9 When does transfer pay?
#
# Give both ways 10, 25, … up to 400 images of each class, and the same number of training *steps* each time, so that the
# larger sets are not trained longer. Takes about a minute.
#
# > **Predict first.** Where will the two curves be furthest apart? Will they meet?
#
# <details><summary>An answer</summary>
#
# The fewer images, the more a network from scratch lacks and the more the backbone brings. With more images the baseline
# catches up, since it can learn features of its own, made for this task; the head on frozen features gains less and
# less, as the features themselves become the limit. Where they meet depends on how close the source is.
# </details>

# %%
SIZES = (10, 50, 400) if FAST else (10, 25, 50, 100, 200, 400)
STEPS = 150 if FAST else 300


def first_of_each(data, count):
    """The first `count` images of every class."""
    rows = np.sort(np.concatenate([np.flatnonzero(data.labels == label)[:count] for label in range(len(CLASS_NAMES))]))
    return data._replace(images=data.images[rows], labels=data.labels[rows])


pool = transferlab.load_images(DATA_SOURCE, "train", classes=COURSE.classes, per_class=400, seed=54)
pool = pool._replace(images=pool.images.astype("float32"))
frozen = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
pool_features = features_of(frozen, pool)
by_size = {"from scratch": [], "frozen features": []}
for size in transferlab.progress(SIZES, "sizes"):
    epochs = -(-STEPS // -(-size * len(CLASS_NAMES) // BATCH_SIZE))  # at least STEPS steps
    keras.utils.set_random_seed(SEEDS[0])
    model = small_network(len(CLASS_NAMES))
    compile_and_fit(model, first_of_each(pool, size), first_of_each(validation, 5), epochs, HEAD_RATE, f"{size} a class, scratch")
    by_size["from scratch"].append(accuracy(model, test))
    few = first_of_each(pool_features, size), first_of_each(validation_features, 5), test_features
    by_size["frozen features"].append(head_on_features(*few, epochs=epochs, name=f"{size} a class, features"))
size_table = pd.DataFrame(by_size, index=pd.Index(SIZES, name="images a class"))
show(
    transferlab.plot_data_curve(SIZES, by_size, chance=0.1),
    alt="Test accuracy over the number of training images a class, from scratch and with frozen features.",
    caption="One run a point; section 8 says how much a run scatters.",
    table=size_table.round(3),
)

# %%
first_above = next((size for size in SIZES if size_table["from scratch"][size] >= size_table["frozen features"].iloc[0]), None)
Markdown(
    f"With {SIZES[0]} images a class, frozen features reach {percent(by_size['frozen features'][0])}. From scratch it takes "
    + (f"{first_above} a class to reach that." if first_above else f"more than {SIZES[-1]} a class to reach that.")
    + f" The lead is {percent(by_size['frozen features'][0] - by_size['from scratch'][0])} with {SIZES[0]} and "
    f"{percent(by_size['frozen features'][-1] - by_size['from scratch'][-1])} with {SIZES[-1]}."
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: a near and a far source
#
# Is *any* pretraining good? Train the architecture of `mini_vgg` on something far away: striped textures, eight kinds that
# differ in direction and fineness only. It will master them. Then freeze it and try its features on our images, beside the
# emblem weights and random ones. Takes some twenty seconds.
#
# > **Predict first.** Features of a network that knows its own source perfectly: near the random ones, or near the emblems'?

# %%
def striped_textures(count, seed):
    """Noisy stripes (count, 32, 32, 3) in random colours, and their kind (count,): four directions, two widths."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 8, count)
    down, right = np.mgrid[:32, :32] / 32
    angle = (kinds % 4 * np.pi / 4 + draw.normal(0, 0.08, count))[:, None, None]
    stripes = np.where(kinds < 4, 3, 7)[:, None, None] * (right * np.cos(angle) + down * np.sin(angle))
    wave = (np.sin(2 * np.pi * (stripes + draw.uniform(0, 1, (count, 1, 1)))) + 1)[..., None] / 2
    one, other = draw.uniform(0, 255, (2, count, 1, 1, 3))
    noisy = one + (other - one) * wave + draw.normal(0, 25, (count, 32, 32, 3))
    return transferlab.ImageSet(np.clip(noisy, 0, 255).astype("float32"), kinds, tuple(f"kind {k}" for k in range(8)))


keras.utils.set_random_seed(SEEDS[0])
textures, unseen_textures = striped_textures(2400, 1), striped_textures(400, 2)
far = transferlab.load_backbone("mini_vgg", weights=None)
far_model = keras.Sequential([far, layers.GlobalAveragePooling2D(), layers.Dense(8, activation="softmax")])
compile_and_fit(far_model, textures, unseen_textures, 4, HEAD_RATE, "textures")
sources = {
    "random weights": transferlab.load_backbone("mini_vgg", weights=None),
    "far: textures": far,
    "emblems": transferlab.load_backbone("mini_vgg"),
}
by_source = {
    name: head_on_features(*(features_of(net, part) for part in (train, validation, test)), name=name)
    for name, net in sources.items()
}
show(
    transferlab.plot_comparison(by_source, chance=0.1),
    alt="Bars of test accuracy with frozen features of three sources: " + ", ".join(f"{n} {percent(a)}" for n, a in by_source.items()) + ".",
    caption=f"The far network recognises {percent(accuracy(far_model, unseen_textures))} of unseen textures. It was trained far "
    "shorter than the emblem weights, so this is no fair race; but knowing its own source well is not enough.",
)

# %% [markdown]
# ## 10 Several architectures
#
# Three backbones, the same head, the same images: how good, how large, how fast? A backbone's size is its parameters; its
# speed is measured, as a median, on your machine.
#
# > **Predict first.** Does the one with fewest parameters answer fastest?
#
# <details><summary>An answer</summary>
#
# Not necessarily. Time goes into multiplications and into moving maps through memory, parameters count neither. A filter
# that is used at every place of a large map is one small array and a lot of work.
# </details>

# %%
def milliseconds_per_image(network, images):
    """Median of three timed predictions, after one that does not count."""
    network.predict(images, batch_size=100, verbose=0)
    laps = []
    for _ in range(3):
        lap = time.perf_counter()
        network.predict(images, batch_size=100, verbose=0)
        laps.append(time.perf_counter() - lap)
    return 1000 * float(np.median(laps)) / len(images)


profiles = []
for name in transferlab.progress(COURSE.compared_backbones, "architectures"):
    network = transferlab.load_backbone(name, input_shape=COURSE.input_shape)
    sets = [features_of(network, part) for part in (train, validation, test)]
    runs = [head_on_features(*sets, name=f"{name}, seed {seed}", seed=seed) for seed in SEEDS]
    profiles.append(
        {
            "name": name,
            "test_accuracy": np.mean(runs),
            "deviation": np.std(runs, ddof=1),
            "parameters": network.count_params(),
            "megabytes": network.count_params() * 4 / 1e6,  # four bytes for each float32
            "ms_per_image": milliseconds_per_image(network, validation.images),
        }
    )
architectures = pd.DataFrame(profiles).set_index("name")
show(
    transferlab.plot_trade_off(
        architectures.reset_index(), x="parameters", y="test_accuracy", name="name", y_label="test accuracy, frozen (%)"
    ),
    alt="Test accuracy of three architectures over their number of parameters.",
    caption="Frozen features, mean over the seeds. The line joins those that none beats in both.",
    table=architectures.round(3),
)

# %%
architectures.style.format(
    {"test_accuracy": "{:.3f}", "deviation": "{:.3f}", "parameters": "{:,}", "megabytes": "{:.2f}", "ms_per_image": "{:.2f}"}
)

# %% [markdown]
# Does the better source network transfer better? Kornblith et al. compared many on many targets and found that accuracy on
# ImageNet and accuracy after transfer go together closely ([2019](https://arxiv.org/abs/1805.08974)); on fine-grained
# targets the gain over training from scratch was small. Three small networks cannot confirm that. Exercise 3 has you
# measure such a table and read a recommendation off it.

# %% [markdown]
# ## 11 What a flag really does in Keras 3
#
# Three things decide what learns: the flag `trainable`, whether the model was **compiled again** after the flag changed, and
# whether the backbone is called with `training=False`. Below, a tiny backbone of one convolution and one
# BatchNormalization. It is fitted once with the flag the other way round; then the flag is set as the row says, compiled
# again or not, and fitted once more. What moves?
#
# > **Predict first.** Fill in the table on paper, eight rows: does the convolution move? The moving averages of
# > BatchNormalization? Most people get at least three rows wrong.

# %%
def tiny_model(inference):
    """A backbone of convolution and BatchNormalization, called with training=False or not, and a head."""
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()], name="base"
    )
    inputs = keras.Input((8, 8, 3))
    maps = base(inputs, training=False) if inference else base(inputs)
    outputs = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(inputs, outputs), base


noise = np.random.default_rng(0).normal(size=(64, 8, 8, 3)).astype("float32")
coin = np.arange(64) % 2


def what_moves(flag, again, inference):
    """Set up one row of the table and say which arrays its last `fit` moved."""
    model, base = tiny_model(inference)
    base.trainable = not flag
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(noise, coin, verbose=0)
    base.trainable = flag
    if again:
        model.compile("adam", loss="sparse_categorical_crossentropy")
    old = [weight.numpy() for weight in model.weights]
    model.fit(noise, coin, verbose=0)
    moved = [not np.array_equal(before, weight.numpy()) for before, weight in zip(old, model.weights, strict=True)]
    names = ("convolution", "BN gamma, beta", "BN moving averages", "head")
    return dict(zip(names, (any(moved[i:j]) for i, j in ((0, 2), (2, 4), (4, 6), (6, 8))), strict=True))


cases = [(flag, again, inference) for flag in (False, True) for again in (False, True) for inference in (False, True)]
rows = {case: what_moves(*case) for case in transferlab.progress(cases, "rows")}
truth = pd.DataFrame(rows.values(), index=pd.MultiIndex.from_tuples(rows, names=["trainable set to", "compiled again", "training=False"]))
truth.replace({True: "moves", False: "stays"}).style.map(
    lambda word: "background-color: #cfe3f5; color: black" if word == "moves" else "color: #555555"
)

# %%
held = truth.loc[(True, True, True), "BN moving averages"]
Markdown(
    "What to read off it:\n\n"
    f"* *Without compiling again, the flag has no effect.* Set to False, the convolution "
    f"{'still moves' if truth.loc[(False, False, False), 'convolution'] else 'stays'}; set to True, it "
    f"{'moves' if truth.loc[(True, False, False), 'convolution'] else 'does not'}: the first `fit` traced its step and keeps it.\n"
    "* *Set to False and compiled again, everything in the backbone stays*, moving averages included, with or without "
    f"`training=False`: {'so it is' if not truth.loc[(False, True)].iloc[:, :3].any(axis=None) else 'not here!'}.\n"
    f"* *`training=False` does {'not ' if held else ''}hold the moving averages once the layer is trainable*: in that row they "
    f"{'move' if held else 'stay'}. Many guides rely on it; see [keras issue 20285](https://github.com/keras-team/keras/issues/20285). "
    "Only `trainable = False` on the BatchNormalization itself is sure."
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: classic mistakes, and what they cost
#
# Some mistakes ruin a result, and you notice. The dangerous ones cost little here and much elsewhere. Takes about a
# minute.
#
# > **Predict first.** Order these from harmless to fatal, all with frozen features: images scaled to [0, 1] although the
# > network wants [−1, 1]; scaled twice; not scaled at all; red and blue swapped.

# %%
# Each line undoes or repeats part of the Rescaling layer that stands first in the backbone.
feeds = {
    "right: raw images": lambda images: images,
    "red and blue swapped": lambda images: images[..., ::-1],
    "scaled to [0, 1]": lambda images: 127.5 + images / 2,
    "scaled twice": lambda images: images / 255,
    "not scaled at all": lambda images: (images + 1) * 127.5,
}
by_feed = {
    name: head_on_features(
        *(features_of(frozen, part._replace(images=feed(part.images))) for part in (train, validation, test)), name=name
    )
    for name, feed in feeds.items()
}
show(
    transferlab.plot_comparison(by_feed, chance=0.1),
    alt="Bars of test accuracy for five ways to feed the images: " + ", ".join(f"{n} {percent(a)}" for n, a in by_feed.items()) + ".",
    caption="No error message in any of them. The ones that cost next to nothing are those you will not find by accuracy.",
)

# %% [markdown]
# And three mistakes of the second stage: flags flipped without compiling again; the whole backbone unfrozen from the
# start, at the head's learning rate, without a first stage; and BatchNormalization left training, which needs a backbone
# that has some.

# %%
keras.utils.set_random_seed(SEEDS[0])
forgetful_backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
forgetful = keras.Sequential([forgetful_backbone, *new_head(len(CLASS_NAMES))])
forgetful.set_weights(feature_weights)
forgetful_backbone.trainable = False
compile_and_fit(forgetful, train, validation, 1, TUNING_RATE, "frozen")
unfreeze_from(forgetful_backbone, UNFREEZE_FROM[BACKBONE])
old = forgetful_backbone.get_weights()
forgetful.fit(train.images, train.labels, epochs=TUNING_EPOCHS - 1, batch_size=BATCH_SIZE, verbose=0)
moved = sum(not np.array_equal(before, after) for before, after in zip(old, forgetful_backbone.get_weights(), strict=True))

keras.utils.set_random_seed(SEEDS[0])
hasty = keras.Sequential([transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape), *new_head(len(CLASS_NAMES))])
compile_and_fit(hasty, train, None, SCRATCH_EPOCHS, HEAD_RATE, "all at once")
by_mistake = {
    "frozen features": feature_accuracy,
    "right: two stages": tuned_accuracy,
    "not compiled again": accuracy(forgetful, test),
    "all at once": accuracy(hasty, test),
}
show(
    transferlab.plot_comparison(by_mistake, chance=0.1),
    alt="Bars of test accuracy: " + ", ".join(f"{n} {percent(a)}" for n, a in by_mistake.items()) + ".",
    caption=f"Not compiled again, {moved} arrays of the backbone moved: that is feature extraction under another name. Training "
    "all at once is not always punished, on so close a source least of all; accuracy alone would not tell you.",
)

# %%
NORMALIZED = next(name for name in COURSE.compared_backbones if name in ("mini_resnet", "mobilenet_0.75@96"))


def with_normalization(left_training):
    """Two stages on a backbone with BatchNormalization; return accuracy and how many of its moving averages moved."""
    keras.utils.set_random_seed(SEEDS[0])
    network = transferlab.load_backbone(NORMALIZED, input_shape=COURSE.input_shape)
    model = with_ready_head(network, f"{NORMALIZED}, features")
    unfreeze_from(network, UNFREEZE_FROM[NORMALIZED])
    norms = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    for norm in norms:
        norm.trainable = left_training
    old = [norm.moving_mean.numpy() for norm in norms]
    compile_and_fit(model, train, None, TUNING_EPOCHS, TUNING_RATE, f"{NORMALIZED}, fine-tuning")
    moved = sum(not np.array_equal(before, norm.moving_mean.numpy()) for before, norm in zip(old, norms, strict=True))
    return {"test accuracy": accuracy(model, test), "moving averages that moved": f"{moved} of {len(norms)}"}


pd.DataFrame({"BatchNormalization frozen": with_normalization(False), "left training": with_normalization(True)})

# %% [markdown]
# Is there a price? Often there is none, when source and target have alike statistics and batches are not tiny. The rule
# stands all the same: with another target or batches of four images the averages go astray, and you would not know why.
# The graders of the exercises therefore look at what moves, not at accuracy.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: the clinic
#
# Five short cells. Each runs, prints something, raises nothing, and has one silent bug. Find it before you open the
# answer: what does the number tell you?

# %%
pair_train = transferlab.load_images(DATA_SOURCE, "train", classes=COURSE.pair, per_class=100, seed=61)
pair_test = transferlab.load_images(DATA_SOURCE, "test", classes=COURSE.pair, per_class=200, seed=63)
pair_features, pair_test_features = features_of(frozen, pair_train), features_of(frozen, pair_test)
healthy = head_on_features(pair_features, pair_test_features, pair_test_features, name="healthy")
print(f"healthy: {percent(healthy)} of the test images right")

# %%
# Patient A
generator = np.random.default_rng(1)
mixed_images, mixed_labels = pair_features.images.copy(), pair_features.labels.copy()
generator.shuffle(mixed_images)
generator.shuffle(mixed_labels)
mixed = pair_features._replace(images=mixed_images, labels=mixed_labels)
print(f"A: {percent(head_on_features(mixed, pair_test_features, pair_test_features, name='A'))} of the test images right")

# %% [markdown]
# <details><summary>What is wrong with A?</summary>
#
# Two calls, two different orders: images and labels have come apart. An accuracy near guessing *with a training loss that
# does fall* is the sign. Shuffle row numbers once and index both with them.
# </details>

# %%
# Patient B
other_test = transferlab.load_images(DATA_SOURCE, "test", classes=COURSE.pair[::-1], per_class=200, seed=63)
other_test_features = features_of(frozen, other_test)
print(f"B: {percent(head_on_features(pair_features, pair_test_features, other_test_features, name='B'))} of the test images right")

# %% [markdown]
# <details><summary>What is wrong with B?</summary>
#
# The classes were named in another order for the test, so 0 and 1 changed places. Far *below* guessing is the sign: a model
# must know the answer to be wrong so reliably. Fix the order of classes once, in one place.
# </details>

# %%
# Patient C
careful_backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
careful_backbone.trainble = False
careful = keras.Sequential([careful_backbone, *new_head(2)])
compile_and_fit(careful, pair_train, pair_test, 2, HEAD_RATE, "C")
print(f"C: {percent(accuracy(careful, pair_test))} of the test images right")
print(f"C: {len(careful.trainable_weights)} arrays learn")

# %% [markdown]
# <details><summary>What is wrong with C?</summary>
#
# `trainble`. Python lets you set any attribute, so nothing was frozen, and accuracy may even look fine. The number of
# arrays that learn is the sign: a head like ours has four.
# </details>

# %%
# Patient D
few_rows = np.arange(40)
copies = np.concatenate([few_rows] * 5)  # more data by copying
order = np.random.default_rng(4).permutation(len(copies))
parts = [
    pair_features._replace(images=pair_features.images[copies[rows]], labels=pair_features.labels[copies[rows]])
    for rows in (order[:150], order[150:])
]
print(f"D: {percent(head_on_features(parts[0], parts[1], parts[1], epochs=15, name='D'))} of the validation images right")
print(f"D: {percent(head_on_features(parts[0], parts[1], pair_test_features, epochs=15, name='D'))} of the test images right")

# %% [markdown]
# <details><summary>What is wrong with D?</summary>
#
# Copied first, split afterwards: nearly every validation image also is a training image. The sign is a validation accuracy
# above the test accuracy. The same happens with augmented copies, or several photographs of one patient. Split first.
# </details>

# %%
# Patient E
column = pair_test.labels.reshape(-1, 1)  # CIFAR-10 ships its labels like this
keras.utils.set_random_seed(SEEDS[0])
good_head = keras.Sequential([keras.Input(pair_features.images.shape[1:]), *new_head(2)[1:]])
compile_and_fit(good_head, pair_features, pair_test_features, HEAD_EPOCHS, HEAD_RATE, "E")
good_says = good_head.predict(pair_test_features.images, verbose=0).argmax(axis=1)
print(f"E: {percent(np.mean(good_says == column))} of the test images right")

# %% [markdown]
# <details><summary>What is wrong with E?</summary>
#
# Only the evaluation. Comparing `(n,)` with `(n, 1)` gives a table of all pairs, `(n, n)`, and its mean is near one half
# whatever the model can do. The sign is a number that does not change when the model does. Flatten labels when you load
# them, and look at shapes.
# </details>

# %% [markdown]
# ## 12 Which way to take
#
# | labelled images | target resembles the source | target is far from it |
# |---|---|---|
# | below 10,000 | frozen features; then unfreeze the last block and see | frozen features of an earlier layer, or fine-tune more layers; compare with scratch |
# | to 100,000 | fine-tune, in two stages | fine-tune all layers; compare with scratch |
# | above a million | fine-tuning saves time; peak accuracy may come either way | from scratch is a real option |
#
# These bands are **rules of thumb**, not laws: section 9 shows how much depends on the task. Four more questions decide:
#
# | | from scratch | frozen features | fine-tuning |
# |---|---|---|---|
# | computing | most | least: no gradient through the backbone, features can be kept | between |
# | training time | longest | minutes | a few times the head's |
# | peak accuracy | highest with very much data, perhaps | limited by the features | mostly highest otherwise |
# | what goes wrong | too little data | features do not fit | forgetting, overfitting, flags |
#
# **Contested.** *Medical images:* on two large tasks, Raghu et al. found that ImageNet weights gave little, and small
# networks from scratch did as well ([2019](https://arxiv.org/abs/1902.07208)). Azizi et al. found clear gains from
# self-supervised pretraining on ImageNet and then on unlabelled medical images ([2021](https://arxiv.org/abs/2101.05224)).
# *Enough time instead of weights:* for detection on COCO, He et al. reached from scratch what pretraining gave, by training
# longer, and even with a tenth of the data; pretraining was faster, not better ([2019](https://arxiv.org/abs/1811.08883)).
# Where the literature disagrees, measure on your own data, with several seeds.
#
# ### Five decisions
#
# For each, choose `"scratch"`, `"features"`, `"fine-tune"`, or `"compare"` (contested: measure before you decide).
#
# 1. **The florist.** Forty phone photographs of each of twelve flowers, a laptop, and it should run tomorrow.
# 2. **The web shop.** 60,000 product photographs in thirty groups, a graphics card, a week, and every point of accuracy
#    saves returns.
# 3. **The satellites.** Three million labelled tiles with thirteen colour channels, a computing centre, a product for
#    years.
# 4. **The X-rays.** 8,000 grey images, two findings, and patients who depend on it.
# 5. **The chip factory.** 500 microscope images of each of six defects. A head on frozen features is trained already; it
#    is as often wrong on the training images as on the validation images.

# %%
decisions = {1: None, 2: None, 3: None, 4: None, 5: None}  # put your choices in place of None, then run the cell
transferlab.check_scenarios(decisions)

# %% [markdown]
# ## 13 Now you
#
# | exercise | you build | points |
# |---|---|---|
# | [1: Two classes, few pictures](../transfer_learning/exercise_1_two_classes.ipynb) | balanced samples, a feature extractor, two-stage fine-tuning, and a fair comparison of all three | 40 |
# | [2: How much to freeze](../transfer_learning/exercise_2_freezing_strategies.ipynb) | partial unfreezing, parameter counts, and a choice of what to freeze that weighs accuracy against effort | 30 |
# | [3: Comparing models](../transfer_learning/exercise_3_comparing_models.ipynb) | a profile of several backbones, those that none beats, and a recommendation for a purpose | 30 |
#
# The exercises ask for functions of your own, with contracts that differ from the helpers here; what carries over is what
# they do and why. Before you hand in: `python -m transferlab check exercise_1_two_classes.ipynb`.

# %% [markdown]
# ## 14 Summary
#
# * A backbone brings features, and well-scaled weights; the head is what is yours.
# * The control with random weights shows that it is the learning that helps; the far source, that it must be learning of
#   the right kind.
# * Frozen features first: cheap, hard to get wrong, often enough. Fine-tune from there, last layers first.
#
# **Good practice**
#
# 1. Have a baseline and a control. Keep epochs or steps equal, and say which.
# 2. Let the model carry its own preprocessing.
# 3. After changing a flag, compile. Keep BatchNormalization of the backbone frozen by its own flag.
# 4. Prove what moved by comparing arrays, not by reading flags.
# 5. Head first; then a learning rate a few times to ten times smaller.
# 6. Several seeds; report mean and spread; respect the standard error of the test set.
# 7. Split before you copy or augment. Choose on validation images, report on test images, once.
# 8. Look at the images that changed sides.

# %%
minutes = (time.perf_counter() - begun) / 60
print(f"this notebook took {minutes:.1f} minutes from its set-up to here")

# %% [markdown]
# ## 15 Further reading
#
# * J. Yosinski, J. Clune, Y. Bengio, H. Lipson: [How transferable are features in deep neural
#   networks?](https://arxiv.org/abs/1411.1792) NeurIPS 2014. Which layers are general, which specific.
# * M. Zeiler, R. Fergus: [Visualizing and Understanding Convolutional Networks](https://arxiv.org/abs/1311.2901). ECCV 2014.
#   What layers look at, on real photographs.
# * S. Kornblith, J. Shlens, Q. Le: [Do Better ImageNet Models Transfer Better?](https://arxiv.org/abs/1805.08974) CVPR 2019.
# * K. He, R. Girshick, P. Dollár: [Rethinking ImageNet Pre-training](https://arxiv.org/abs/1811.08883). ICCV 2019. The case
#   for training from scratch.
# * M. Raghu, C. Zhang, J. Kleinberg, S. Bengio: [Transfusion: Understanding Transfer Learning for Medical
#   Imaging](https://arxiv.org/abs/1902.07208). NeurIPS 2019.
# * B. Neyshabur, H. Sedghi, C. Zhang: [What is being transferred in transfer
#   learning?](https://arxiv.org/abs/2008.11687) NeurIPS 2020.
# * S. Azizi et al.: [Big Self-Supervised Models Advance Medical Image
#   Classification](https://arxiv.org/abs/2101.05224). ICCV 2021.
# * A. Kumar, A. Raghunathan, R. Jones, T. Ma, P. Liang: [Fine-Tuning can Distort Pretrained Features and Underperform
#   Out-of-Distribution](https://arxiv.org/abs/2202.10054). ICLR 2022. Why the head comes first.
# * F. Chollet: [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), the Keras guide. Read it
#   with section 11 beside it.
