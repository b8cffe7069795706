# %% [markdown]
# # Transfer learning: start from what another network has learned
#
# | | |
# |---|---|
# | **Difficulty** | intermediate |
# | **Time** | 45 to 60 minutes for the main line; as long again if you open everything headed *Go deeper* |
# | **You need** | Python and NumPy; what a convolution, a loss and an epoch are; having built and fitted one model in Keras |
# | **Neighbours** | modules 05, 07 and 09 of the course come before this one, module 11 after it |
# | **Computing** | some minutes on two processor cores, all cells together; the last cell says how many on yours. No graphics card, no network |
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
# **How to read it.** Before each result there is a question. Answer it, in writing if you
# can, *before* you run the cell: a surprise is only a surprise to somebody who expected
# something. Sections headed *Go deeper* are folded; in JupyterLab and Notebook a click on
# the arrow beside the heading opens them. They run along when you run everything.
#
# **About the numbers.** Every measured number is printed by a cell. Most are your
# machine's, from one run, and one run is an anecdote; where a claim rests on many, the
# cell shows several that were recorded with other images, weights and orders each time
# (`transferlab.recorded_accuracies`). The prose holds settings, and results of others
# with their source. A difference between two accuracies is given in **points**: from four
# in ten to five in ten is ten points, and a quarter more.

# %% [markdown]
# ## 1 What is transferred, and why it works
#
# A network that tells pictures apart does two jobs. Its first layers turn pixels into
# *features*: edges, corners, textures, then parts of things. Its last layer weighs those
# features and names a class. The first job is expensive: it takes most of the weights and
# most of the pictures. The second is cheap. And the first job is much the same for many
# tasks, since edges and corners serve houses as well as mushrooms.
#
# So let a network learn the first job where pictures are plenty, the **source**, cut off
# its last layer, and keep the rest, the **backbone**. For your own task, the **target**,
# put a new last part on it, the **head**. There are two ways to go on:
#
# | | the backbone | the head | what it costs |
# |---|---|---|---|
# | **feature extraction** | frozen: stays bit for bit as it was | learns | little |
# | **fine-tuning** | its last layers learn too, slowly | learns on | more, and a few traps |
#
# Why should it work? Yosinski et al. cut networks at every depth and found that first
# layers transfer to nearly anything, while last layers are specialised for their source;
# the further apart two tasks are, the less the late layers are worth
# ([2014](https://arxiv.org/abs/1411.1792)). Neyshabur et al. found that reuse of features
# is not all: pretrained weights also bring well-scaled layers and low-level statistics,
# which help even with scrambled images ([2020](https://arxiv.org/abs/2008.11687)). So "it
# reuses features" is most of the answer, and not the whole.

# %% [markdown]
# ## 2 Set-up
#
# `FAST = True` halves the epochs, for a first look. `DATA_SOURCE` names the images;
# everything below follows it.
#
# TensorFlow is asked to keep its greetings to itself, and to round as it does for the
# graders of the exercises: a setting of its oneDNN library, which may be a little faster
# and lets the last digits differ between processors.

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no greetings from its inner parts
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same digits everywhere

import logging
import time

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from keras import layers

import transferlab
from transferlab import show

# it warns of many new models, and here they are the point
logging.getLogger("tensorflow").setLevel("ERROR")

DATA_SOURCE = "sketches"  # where the images come from; your instructor's choice
FAST = False  # True: half the epochs, for a first look

COURSE = transferlab.course_data(DATA_SOURCE)
BACKBONE = COURSE.backbone
SCRATCH_EPOCHS, HEAD_EPOCHS, TUNING_EPOCHS = (12, 4, 2) if FAST else (30, 8, 4)
SEEDS = (1, 2)
HEAD_RATE = 1e-3  # learning rate of the first stage
TUNING_RATE = COURSE.fine_tuning_rate  # of the second: see section 7
BATCH_SIZE = 32
UNFREEZE_FROM = {  # where the last block of each backbone begins
    "mini_vgg": "block4_conv1",
    "mini_resnet": "stage3_block2_1_conv",
    "mini_mobilenet": "block7_expand_conv",
    "mobilenet_0.75@96": "conv_dw_12",
    "mobilenet_v2_0.35@96": "block_16_expand",
    "efficientnet_lite0@96": "block7a_expand_conv",
}
begun = time.perf_counter()

# %% [markdown]
# Two helpers that every section uses. Note what the first one does before it trains: it
# **compiles**. That line is the hero of section 11.

# %%
def compile_and_fit(model, data, watched, epochs, rate, name):
    """Compile anew, train with a progress line, return what `fit` recorded."""
    model.compile(
        keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
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


def points(difference):
    """A difference of two shares as text: 0.123 becomes "12.3 points"."""
    return f"{100 * difference:.1f} points"


# %% [markdown]
# ## 3 A thousand pictures
#
# Pretraining data count in millions, your own in hundreds. We act out that everyday case:
# 100 training images of each of ten classes, 1,000 in all. There are some more to watch
# the training with, and a test set that is larger than real life would grant, so that
# differences can be seen at all. It is used for the final numbers of each section and
# never to choose a setting.

# %%
train, validation, test = (
    loaded._replace(images=loaded.images.astype("float32"))
    for loaded in (
        transferlab.load_images(
            DATA_SOURCE, "train", classes=COURSE.classes, per_class=100, seed=51
        ),
        transferlab.load_images(
            DATA_SOURCE, "validation", classes=COURSE.classes, per_class=50, seed=52
        ),
        transferlab.load_images(
            DATA_SOURCE, "test", classes=COURSE.classes, per_class=100, seed=53
        ),
    )
)
CLASS_NAMES = train.class_names
pd.DataFrame(
    {
        name: [*part.images.shape, part.images.min(), part.images.max()]
        for name, part in (("train", train), ("validation", validation), ("test", test))
    },
    index=["images", "height", "width", "colours", "lowest level", "highest level"],
).astype(int)

# %% [markdown]
# **Look before you train.** Which of these would a network that only sees colours get
# right? One that only sees where something is? What makes two pictures of one class
# alike?

# %%
show(
    transferlab.plot_images(
        train.images, train.labels, CLASS_NAMES, rows=3, columns=10
    ),
    alt=(
        "Thirty small training images with their class above:"
        f" {', '.join(CLASS_NAMES)}. Colours, places and sizes vary freely."
    ),
    caption="The first thirty training images.",
    table=pd.DataFrame(
        {"training images": np.bincount(train.labels)}, index=CLASS_NAMES
    ),
)

# %% [markdown]
# **How sure is an accuracy?** It is a share of images, and shares scatter. With accuracy
# $p$ on $n$ images the standard error is $\sqrt{p(1-p)/n}$. Two models tested on
# *different* images may well be equal if they are closer than about three of those. On
# the *same* images both meet the same hard ones, so compare image by image, as section 8
# does.

# %%
for images_tested in (100, len(test.labels)):
    error = np.sqrt(0.8 * 0.2 / images_tested)
    print(
        f"an accuracy of 80 % measured on {images_tested} images: standard error"
        f" {percent(error)}"
    )

# %% [markdown]
# ## 4 The baseline: a network from scratch
#
# Without a baseline nobody can say what transfer is worth. Ours is a usual small
# convolutional network with random weights.
#
# > **Predict first.** Guessing gets one in ten right. How far does a network from scratch
# > get with 100 images a class and 30 epochs? How far apart will its training and its
# > validation accuracy be?
#
# <details><summary>An answer</summary>
#
# Well above guessing, well below useful. It has to find out what an edge is, what a
# corner is, and which arrangement makes a class, all from the same few images. It can
# also learn those images by heart, so expect training accuracy to climb on while
# validation accuracy lags: a gap that more epochs widen rather than close.
# </details>
#
# A baseline has to be a fair opponent: this one gets nearly four times the epochs of the
# head in section 6. Takes up to a minute.

# %%
def small_network(classes):
    """A plain convolutional network with random weights, raw images in."""
    blocks = [layers.Rescaling(1 / 127.5, offset=-1)]
    for filters in (16, 32, 64):
        blocks += [
            layers.Conv2D(filters, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
        ]
    head = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.2)]
    return keras.Sequential([
        keras.Input(COURSE.input_shape),
        *blocks,
        *head,
        layers.Dense(classes, "softmax"),
    ])


keras.utils.set_random_seed(SEEDS[0])
scratch_model = small_network(len(CLASS_NAMES))
histories = {
    "scratch": compile_and_fit(
        scratch_model, train, validation, SCRATCH_EPOCHS, HEAD_RATE, "scratch"
    )
}
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
    caption=(
        f"From scratch: {percent(scratch_accuracy)} of the test images right, guessing"
        f" {percent(0.1)}."
    ),
    table=pd.DataFrame(histories["scratch"]).round(3),
)

# %% [markdown]
# ## 5 Pretrained networks, and what their layers have learned
#
# `load_backbone` gives a network without its last layers: raw images in, a stack of small
# feature maps out. The right preprocessing is its first layer, so never scale images
# yourself. The small `mini_…` networks that come with this course have learned to tell 80
# kinds of drawn emblems apart, none of which is among our classes. But emblems and
# sketches are drawn by one program from the same simple shapes: this is a **close
# source**, and the gain you will see is larger than from photographs to X-rays, say.
# `mobilenet` and its kin have learned from the photographs of ImageNet.

# %%
backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
untrained = transferlab.load_backbone(
    BACKBONE, weights=None, input_shape=COURSE.input_shape
)
weighted = [layer for layer in backbone.layers if layer.weights]
Markdown(
    f"`{BACKBONE}`: {len(backbone.layers)} layers, {len(weighted)} of them with"
    f" weights, {backbone.count_params():,} parameters. An image of shape"
    f" {COURSE.input_shape} leaves it as a map of shape"
    f" {tuple(backbone.output.shape[1:])}."
)

# %% [markdown]
# **What the mini networks have seen.** Twenty of the 80 emblems. None is among our
# classes.

# %%
emblems = transferlab.load_images(
    "emblems", classes=transferlab.class_names("emblems")[::4], per_class=1, seed=1
)
show(
    transferlab.plot_images(
        emblems.images, emblems.labels, emblems.class_names, rows=2, columns=10
    ),
    alt="Twenty drawn emblems, such as a ring with legs or a heart with horns.",
    caption="The source of the mini networks: drawn bodies with attachments.",
)

# %% [markdown]
# **Feature maps.** The same picture, seen by an early layer and then by later and later
# ones. Early maps still show the picture; late ones have few pixels left, each saying
# "something like that is here".

# %%
answering = [
    layer
    for layer in backbone.layers
    if layer.weights or isinstance(layer, layers.ReLU | layers.Activation)
]
last_of_size = {
    layer.output.shape[1:3]: layer for layer in [*answering, backbone.layers[-1]]
}
looked_at = list(last_of_size.values())[:5]
spy = keras.Model(backbone.input, [layer.output for layer in looked_at])
example = train.images[:1]
maps = {
    layer.name: made[0]
    for layer, made in zip(looked_at, spy.predict(example, verbose=0), strict=True)
}
show(
    transferlab.plot_feature_maps(example[0], maps),
    alt=(
        f"A picture of class {CLASS_NAMES[train.labels[0]]}, and a row of feature maps"
        f" for each of {len(maps)} layers, ever coarser."
    ),
    caption=(
        "Each row is a layer, each small picture one of its channels: yellow is a"
        " strong answer."
    ),
    table=pd.DataFrame({
        name: {"silent values": percent(np.mean(values <= 0), 0)}
        for name, values in maps.items()
    }).T,
)

# %% [markdown]
# **Last layer.** Its maps are too small to look at. So ask the other way round: which of
# our 1,000 images excite a channel most? We take the five channels whose answers vary
# most and that do not repeat one another.
#
# > **Predict first.** The network has never seen these classes. Will a channel's
# > favourites share a *class*, a *shape*, a *colour*, or nothing?

# %%
def features_of(network, data):
    """The same set, each image replaced by its features: maps, averaged over pixels."""
    maps = network.predict(data.images, batch_size=100, verbose=0)
    return data._replace(images=maps.mean(axis=(1, 2)))


train_features, validation_features, test_features = (
    features_of(backbone, part) for part in (train, validation, test)
)
answers = train_features.images
liveliest = []
for channel in np.argsort(-answers.std(axis=0)).tolist():
    # skip those that repeat an earlier one
    if all(
        abs(np.corrcoef(answers[:, channel], answers[:, other])[0, 1]) < 0.2
        for other in liveliest
    ):
        liveliest.append(channel)
    if len(liveliest) == 5:
        break
favourites = {
    channel: train.labels[np.argsort(train_features.images[:, channel])[::-1][:8]]
    for channel in liveliest
}
show(
    transferlab.plot_strongest(train.images, train_features.images, liveliest),
    alt="Five rows of eight images, the favourites of five channels of the last layer.",
    caption=(
        "What the images in a row share is what the channel has learned to see: a form,"
        " mostly, rather than a class."
    ),
    table=pd.DataFrame({
        channel: [CLASS_NAMES[label] for label in labels]
        for channel, labels in favourites.items()
    }).T,
)

# %% [markdown]
# **All features at once.** A picture is a point: of 3,072 pixel values, or of a
# backbone's features. Which pictures lie nearest to a given one? And how many of the five
# nearest share its class, over all 500 validation images?
#
# > **Predict first.** By pixels, by features of the *random* network, by features of the
# > pretrained one: in which of the three will neighbours share a class most often?
#
# <details><summary>An answer</summary>
#
# Pixels put images together that have alike backgrounds. A random network mixes those
# pixels and knows no better. The pretrained one has thrown away much of what did not
# matter for its source, such as background, place and colour, and what is left is closer
# to what matters here. None of the three has seen a single label of ours.
# </details>

# %%
clouds = {
    "pixels": validation.images.reshape(len(validation.images), -1),
    "random features": features_of(untrained, validation).images,
    "pretrained features": validation_features.images,
}
nearest = {
    name: transferlab.nearest_neighbours(cloud) for name, cloud in clouds.items()
}


def shared_class(rows):
    """Share of each image's nearest neighbours that have its class."""
    return float(np.mean(validation.labels[rows] == validation.labels[:, None]))


shared = {name: shared_class(rows) for name, rows in nearest.items()}
show(
    transferlab.plot_neighbours(
        validation.images,
        validation.labels,
        CLASS_NAMES,
        {
            f"by {name}: {percent(shared[name], 0)} share": rows
            for name, rows in nearest.items()
        },
        queries=[0, 1, 2],
    ),
    alt=(
        "Three images, each with its five nearest neighbours: by pixels, by random"
        " features, by pretrained features. "
    )
    + ", ".join(
        f"{name} {percent(share, 0)} of the same class"
        for name, share in shared.items()
    )
    + ".",
    caption=(
        "Left the image, right its neighbours; a frame marks the same class. The shares"
        " count all 500 images."
    ),
    table=pd.DataFrame(
        {"neighbours that share the class": pd.Series(shared).map(percent)}
    ),
)

# %% [markdown]
# ### Real networks: the families of Keras Applications
#
# The backbones above are small relatives of networks that learned on **ImageNet**: some
# 1.2 million photographs of 1,000 classes. `keras.applications` offers dozens. Five
# families, and the idea that each brought:

# %%
show(
    transferlab.plot_families(),
    alt=(
        "Six small drawings. VGG: two convolutions and a pooling in a row. ResNet: two"
        " convolutions, and an arrow that carries the input past them to an addition."
        " Inception: convolutions of three sizes and a pooling side by side. MobileNet:"
        " a filter for each channel, then a convolution that mixes them. EfficientNet:"
        " a stack of maps grown in size, number and width. The last says what the"
        " colours mean."
    ),
    caption="Follow the arrows: what does each do with the map it is given?",
)

# %% [markdown]
# | family | the idea | what it is good for |
# |---|---|---|
# | **VGG** ([2014](https://arxiv.org/abs/1409.1556)) | nothing but 3 × 3 filters, many layers deep | easy to read and to cut; large and slow |
# | **ResNet** ([2015](https://arxiv.org/abs/1512.03385)) | skip connections: a block adds to its input, so gradients reach early layers | the usual first choice on a graphics card |
# | **Inception** ([2014](https://arxiv.org/abs/1409.4842)) | filters of several sizes side by side, 1 × 1 convolutions in front to save work | accuracy for its size; 75 × 75 pixels at least |
# | **MobileNet** ([2017](https://arxiv.org/abs/1704.04861)) | depthwise separable: one filter a channel, then 1 × 1 to mix | telephones, cameras, this course |
# | **EfficientNet** ([2019](https://arxiv.org/abs/1905.11946)) | grow depth, width and image size together | accuracy for its cost |
#
# | argument of `keras.applications.…` | says | forget it and |
# |---|---|---|
# | `include_top=False` | leave out the last layers, which name ImageNet's classes | you get 1,000 classes that are not yours, and images must have the size it learned on |
# | `weights="imagenet"` | load what was learned; it is the default, `None` is random | with `None` all you have is an architecture |
# | `input_shape=(h, w, 3)` | size of your images, with `include_top=False` | a model for images of any size, whose maps have no known shape |
# | `pooling="avg"` | average the last map to a vector | the head has to do it: `GlobalAveragePooling2D` |
# | its own `preprocess_input` | bring levels to the range it was trained with; each family has its own | no error, and answers out of the blue: see below |
#
# `transferlab.load_backbone` does all this for you: the right preprocessing is a layer of
# the model. Its name for a network may end in `@96`: small images are enlarged inside.
# `efficientnet_lite0` is an EfficientNet made for small devices, and its ImageNet weights
# came with this course's requirements, so the next cell needs no network connection.
#
# > **Predict first.** Two photographs, fed in four ways: as they should be; divided by
# > 255 first, although the model scales by itself; brought to [−1, 1] first; with red and
# > blue exchanged. Which feeds still get the right answer?

# %%
from sklearn.datasets import load_sample_images

photographs = np.stack([
    keras.ops.image.resize(image[:, 106:533].astype("float32"), (224, 224))
    for image in load_sample_images().images  # a temple and a flower, 427 × 640
])
IMAGENET = {  # of the 1,000 classes, those that come up here
    985: "daisy",
    947: "mushroom",
    309: "bee",
    698: "palace",
    442: "bell cote",
    483: "castle",
    663: "monastery",
    111: "nematode",
    644: "matchstick",
    530: "digital clock",
}
classifier = transferlab.load_classifier("efficientnet_lite0")
fed = {
    "as they are": photographs,
    "divided by 255": photographs / 255,
    "brought to [−1, 1]": photographs / 127.5 - 1,
    "red and blue exchanged": photographs[..., ::-1],
}
answers_to = {}
for name, images in fed.items():
    probabilities = classifier.predict(images, verbose=0)
    best = probabilities.argmax(axis=1)
    answers_to[name] = [
        f"{IMAGENET.get(int(label), label)}, {percent(row.max(), 0)}"
        for label, row in zip(best, probabilities, strict=True)
    ]
titles = [answers_to[name][number] for number in (0, 1) for name in fed]
show(
    transferlab.plot_images(
        np.concatenate(
            [np.stack([images[n] for images in fed.values()]) for n in (0, 1)]
        ),
        range(len(titles)),
        titles,
        rows=2,
        columns=len(fed),
    ),
    alt=(
        "Two rows of four pictures, a temple and a flower, as the network is fed them,"
        " with its answers: "
    )
    + "; ".join(f"{name}: {', '.join(said)}" for name, said in answers_to.items()),
    caption=(
        f"From left to right: {', '.join(fed)}. Above each, the class that the network "
        "finds most probable."
    ),
    table=pd.DataFrame(answers_to, index=["temple", "flower"]).T,
)

# %% [markdown]
# What the network sees of levels from 0 to 1 is a black picture, the same for both
# photographs, and no error tells you. Exchanged colours hardly matter for *these two*;
# that is luck, and not to be relied on.
#
# **Good practice with real networks.** Stop early: watch the validation loss and keep the
# best weights. Augment (flip, shift, zoom) with layers in front of the backbone, in
# training only; then features cannot be kept between epochs. On a graphics card, mixed
# precision (the policy `"mixed_float16"` of `keras.mixed_precision`) saves memory and
# time, with a last layer in float32. For a small device count megabytes and milliseconds
# before accuracy. What comes next: vision transformers, and weights learned without
# labels; the steps of this lesson stay the same.

# %% [markdown]
# ## 6 Feature extraction
#
# Freeze the backbone, put a head on it, train the head. `trainable = False` on a model
# sets the flag of every layer inside.
#
# The next cell is the whole recipe in one piece, ready to be copied: backbone, freeze,
# head, compile, fit. For your own images, change the first lines.
#
# > **Predict first.** Same images, a quarter of the epochs of the baseline. How far does
# > a head on frozen features get?

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
backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
backbone.trainable = False
feature_model = keras.Sequential([
    keras.Input(COURSE.input_shape),
    backbone,
    *new_head(len(CLASS_NAMES), dropout_seed=5),
])
first_head_weights = [layer.get_weights() for layer in feature_model.layers[1:]]
backbone_before = backbone.get_weights()
started = time.perf_counter()
keras.utils.set_random_seed(6)
histories["features"] = compile_and_fit(
    feature_model, train, validation, HEAD_EPOCHS, HEAD_RATE, "features"
)
slow_seconds = time.perf_counter() - started
slow_says = feature_model.predict(test.images, batch_size=100, verbose=0)
feature_says = slow_says.argmax(axis=1)
feature_accuracy = float(np.mean(feature_says == test.labels))
feature_weights = feature_model.get_weights()

# %% [markdown]
# **Prove that it is frozen.** A summary shows flags. What counts is what training did, so
# compare the arrays.

# %%
changed = sum(
    not np.array_equal(old, new)
    for old, new in zip(backbone_before, backbone.get_weights(), strict=True)
)
trained = sum(int(np.prod(weight.shape)) for weight in feature_model.trainable_weights)
Markdown(
    f"{changed} of {len(backbone_before)} arrays of the backbone changed. {trained:,}"
    f" parameters were trained, {backbone.count_params():,} were not. Test accuracy"
    f" {percent(feature_accuracy)}, from scratch {percent(scratch_accuracy)}."
)

# %% [markdown]
# **The control.** Is it the *learned* weights that help, or would any fixed network do,
# since the head adapts? Take the same backbone with random weights, freeze it, train the
# same head.
#
# > **Predict first.** Nearer to guessing, nearer to the baseline, or nearer to the
# > pretrained one?

# %%
def head_on_features(
    data, tested, epochs=HEAD_EPOCHS, rate=HEAD_RATE, name="head", seed=SEEDS[0]
):
    """Train a head on ready features (see below); its accuracy on `tested`."""
    keras.utils.set_random_seed(seed)
    head = keras.Sequential(
        [keras.Input(data.images.shape[1:]), *new_head(len(data.class_names))[1:]]
    )
    compile_and_fit(head, data, None, epochs, rate, name)
    return accuracy(head, tested)


random_accuracy = head_on_features(
    *(features_of(untrained, part) for part in (train, test)), name="random"
)
show(
    transferlab.plot_comparison(
        {
            "scratch": scratch_accuracy,
            "frozen, random": random_accuracy,
            "frozen, pretrained": feature_accuracy,
        },
        chance=0.1,
    ),
    alt=(
        f"Bars of test accuracy: scratch {percent(scratch_accuracy)}, frozen random"
        f" {percent(random_accuracy)}, frozen pretrained {percent(feature_accuracy)}."
    ),
    caption=(
        "It is the learned weights: the same architecture with random ones gives the"
        " head little to work with."
    ),
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: features computed once and used again
#
# A frozen backbone says the same about an image in every epoch. So ask it once, keep the
# answers, and train the head alone. That is no approximation. It stops being allowed the
# moment images change between epochs (augmentation inside the model) or the backbone does
# (fine-tuning).
#
# The head starts from the weights that section 6's head started from, and drops the same
# units.
#
# > **Predict first.** What part of the time will be left?

# %%
started = time.perf_counter()
ready = [features_of(backbone, part) for part in (train, validation)]
feature_seconds = time.perf_counter() - started
quick_head = [keras.Input(ready[0].images.shape[1:]), *new_head(10, dropout_seed=5)[1:]]
quick_model = keras.Sequential(quick_head)
for layer, arrays in zip(quick_model.layers, first_head_weights[1:], strict=True):
    layer.set_weights(arrays)  # the head of above, as it was before, and its dropout
keras.utils.set_random_seed(6)
compile_and_fit(quick_model, *ready, HEAD_EPOCHS, HEAD_RATE, "head on features")
quick_seconds = time.perf_counter() - started
quick_says = quick_model.predict(test_features.images, verbose=0)
pd.DataFrame(
    {
        "whole model": [feature_accuracy, slow_seconds, 0.0],
        "head on features": [
            accuracy(quick_model, test_features),
            quick_seconds,
            feature_seconds,
        ],
    },
    index=["test accuracy", "seconds in all", "of these for the features"],
).round(3)

# %%
agreed = np.mean(slow_says.argmax(axis=1) == quick_says.argmax(axis=1))
Markdown(
    f"The two say the same about {percent(agreed)} of the test images; the time is"
    f" {percent(quick_seconds / slow_seconds, 0)} of what it was. A second head costs"
    f" only {quick_seconds - feature_seconds:.1f} s, as the features are there already."
)

# %% [markdown]
# ## 7 Fine-tuning, in two stages
#
# The frozen features were made for the source. Let the last block of the backbone adapt,
# too. Three rules make this safe:
#
# 1. **Head first.** A random head sends large, useless gradients down; they would push
#    good features about. Kumar et al. show that fine-tuning with a random head distorts
#    features, and that head first, then all, avoids it
#    ([2022](https://arxiv.org/abs/2202.10054)). We have a trained head already: stage one
#    was section 6.
# 2. **A learning rate that is not too large**, so that features are adjusted and not
#    overwritten. How large is that? It depends on the network: see *five learning rates*
#    below.
# 3. **Compile again** after changing flags, and leave **BatchNormalization frozen**.
#    Section 11 shows why.
#
# > **Predict first.** How much will a second stage of few epochs add? And will it help
# > every class?
#
# <details><summary>An answer</summary>
#
# Some points, less than the step from scratch to frozen features: most of the good was in
# the features already. Not every image gains. Some that were right will be wrong
# afterwards, which section 8 shows.
# </details>

# %%
def unfreeze_from(network, name):
    """Let the layers from `name` on learn, except BatchNormalization; freeze others."""
    network.trainable = True
    position = [layer.name for layer in network.layers].index(name)
    for number, layer in enumerate(network.layers):
        layer.trainable = number >= position and not isinstance(
            layer, layers.BatchNormalization
        )


unfreeze_from(backbone, UNFREEZE_FROM[BACKBONE])
keras.utils.set_random_seed(SEEDS[0])
histories["fine-tuned"] = compile_and_fit(
    feature_model, train, validation, TUNING_EPOCHS, TUNING_RATE, "fine-tuning"
)
tuned_model = feature_model  # the same object: fine-tuning changed it in place
tuned_says = tuned_model.predict(test.images, batch_size=100, verbose=0).argmax(axis=1)
tuned_accuracy = float(np.mean(tuned_says == test.labels))
curves = {
    "scratch": {"val_accuracy": histories["scratch"]["val_accuracy"]},
    "features": {"val_accuracy": histories["features"]["val_accuracy"]},
    "then fine-tuned": {
        "val_accuracy": (
            [np.nan] * (HEAD_EPOCHS - 1)
            + histories["features"]["val_accuracy"][-1:]
            + histories["fine-tuned"]["val_accuracy"]
        )
    },
}
show(
    transferlab.plot_histories(curves),
    alt=(
        "Validation accuracy over the epochs: scratch stays low, features start high,"
        " fine-tuning goes on from there."
    ),
    caption=(
        "Scratch had more epochs than both stages together. On the test images:"
        f" scratch {percent(scratch_accuracy)}, features {percent(feature_accuracy)},"
        f" fine-tuned {percent(tuned_accuracy)}."
    ),
    table=pd.DataFrame(
        {name: pd.Series(curve["val_accuracy"]) for name, curve in curves.items()}
    ).round(3),
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: five learning rates
#
# The second stage from the same first stage at five rates a factor of three to ten apart.
# Several runs of each were recorded, on drawings and on photographs; beside them a
# control: the head alone learns on for as many epochs, at its own rate.
#
# > **Predict first.** Which rate does nothing? Which is too large? How wide is the range
# > that works?
#
# <details><summary>An answer</summary>
#
# Compare with the control, not with the first stage: some of a second stage's gain is
# just more epochs for the head. The smallest rate moves next to nothing in so few steps.
# The best of the five is the head's own rate, and ten times that gives most of the gain
# away again. **That does not carry over:** this network is small, and its source is
# close. On photographs, with a deeper network that has learned from ImageNet, the head's
# own rate ruins what was learned, and a third of it still loses to the control; 3e-5
# keeps what the control has, and in so few steps adds next to nothing. So the rule is not
# a number: try rates a factor of ten apart on validation images, and keep the head-only
# control beside them.
# </details>

# %%
measured = transferlab.recorded_accuracies("rates sketches mini_vgg")
rates = ("1e-05", "1e-04", "3e-04", "1e-03", "1e-02")
by_rate = {name: measured[name] for name in ("frozen", "frozen, as long", *rates)}
rate_table = pd.DataFrame(by_rate).describe().loc[["mean", "std", "min", "max"]].T
show(
    transferlab.plot_spread(by_rate, chance=0.1),
    alt=(
        "Rows of ten dots: test accuracy frozen, with the head trained on, and after a"
        " second stage at five rates: "
    )
    + ", ".join(f"{name} {percent(np.mean(runs))}" for name, runs in by_rate.items())
    + ".",
    caption=(
        f"Recorded: {len(by_rate['frozen'])} runs, other images and weights in each."
        " The names of the lower rows are learning rates."
    ),
    table=rate_table.round(3),
)

# %%
control = np.array(by_rate["frozen, as long"])
paired = {
    name: np.array(by_rate[name]) - control
    for name in ("1e-05", "3e-04", "1e-03", "1e-02")
}
Markdown(
    "Run by run, against the head that learned on for as long:\n\n"
    + "\n".join(
        f"* rate {name}: {points(gains.mean())} on average, from {points(gains.min())}"
        f" to {points(gains.max())}; better in {np.sum(gains > 0)} of {len(gains)} runs"
        for name, gains in paired.items()
    )
)

# %%
on_photos = transferlab.recorded_accuracies("rates cifar10 mobilenet_0.75@96")
photo_rates = ("1e-05", "3e-05", "1e-04", "3e-04", "1e-03")
by_photo_rate = {n: on_photos[n] for n in ("frozen", "frozen, as long", *photo_rates)}
photo_table = pd.DataFrame(by_photo_rate).describe().loc[["mean", "std", "min", "max"]]
show(
    transferlab.plot_spread(by_photo_rate, chance=0.1),
    alt="The same rows of dots for photographs: "
    + ", ".join(f"{n} {percent(np.mean(runs))}" for n, runs in by_photo_rate.items())
    + ".",
    caption=(
        f"Recorded: {len(by_photo_rate['frozen'])} runs on CIFAR-10 with"
        " mobilenet_0.75@96, the last block learning. Compare the largest rates with"
        " the figure above."
    ),
    table=photo_table.T.round(3),
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: what "the last four layers" really holds
#
# Tutorials like to unfreeze `model.layers[-4:]`. Look at what that is in two well-known
# networks (built with random weights here; we only count).
#
# > **Predict first.** How many parameters would learn in each?

# %%
rows_of_networks = []
for name in ("vgg16", "resnet50"):
    network = transferlab.load_backbone(name, weights=None)
    counted = [
        layer
        for layer in network.layers
        if layer.weights and type(layer) is not layers.BatchNormalization
    ]
    choices = {
        "layers[-4:]": network.layers[-4:],
        "layers[-4:], had it a pooling layer at its end": network.layers[-3:],
        "last four that count": counted[-4:],
    }
    for what, chosen in choices.items():
        rows_of_networks.append({
            "network": name,
            "choice": what,
            "layers": ", ".join(layer.name for layer in chosen),
            "trainable parameters": sum(
                layer.count_params() for layer in chosen if layer in counted
            ),
            "of BatchNormalization": sum(
                layer.count_params() for layer in chosen if layer not in counted
            ),
        })
pd.DataFrame(rows_of_networks).style.format(thousands=",").hide(
    axis="index"
).set_properties(**{"text-align": "left"})

# %% [markdown]
# The same words mean very different things. Layers without weights take places,
# BatchNormalization takes another, and what is left differs from network to network; with
# a pooling layer at its end (`pooling="avg"`), nothing of ResNet50 would learn but a
# BatchNormalization, which should not. So in this course **a layer counts if it has
# weights and is not BatchNormalization**, and exercises 1 and 2 count like that.

# %% [markdown]
# ## 8 All approaches, and luck
#
# One run each is an anecdote. All of it was therefore done again and again, on drawings,
# with other training images, other test images, other random weights and another order
# each time, and recorded.
#
# > **Predict first.** Which differences will be larger than the spread between runs?

# %%
curve = transferlab.recorded_accuracies("curve")
approaches = {
    "scratch": curve["scratch 100"],
    "frozen, random": curve["random 100"],
    "frozen, pretrained": by_rate["frozen"],
    "fine-tuned": by_rate["3e-04"],
}
rounds = pd.DataFrame(
    {name: pd.Series(runs) for name, runs in approaches.items()}
).dropna()
spread = rounds.describe().loc[["mean", "std", "min", "max"]].T
show(
    transferlab.plot_spread(
        {name: rounds[name].tolist() for name in rounds}, chance=0.1
    ),
    alt="A row of dots for each approach, one dot a run: "
    + ", ".join(f"{name} {percent(rounds[name].mean())}" for name in rounds)
    + ".",
    caption=f"{len(rounds)} recorded runs of drawings, 100 training images a class.",
    table=spread.round(3),
)

# %%
gain = rounds["fine-tuned"] - rounds["frozen, pretrained"]
lead = rounds["frozen, pretrained"] - rounds["scratch"]
Markdown(
    f"Frozen features lead the baseline by {points(lead.min())} to"
    f" {points(lead.max())}. Fine-tuning adds {points(gain.mean())} on average, with a"
    f" standard deviation of {points(gain.std())} between the runs, and is better in"
    f" {np.sum(gain > 0)} of {len(gain)}; section 7 says how much of that more epochs"
    " of the head would give."
)

# %% [markdown]
# **What is still confused?** Rows are what it was, columns what the fine-tuned model
# said.

# %%
import seaborn as sns
from sklearn.metrics import confusion_matrix

confusion = confusion_matrix(test.labels, tuned_says)
counts = pd.DataFrame(confusion, index=CLASS_NAMES, columns=CLASS_NAMES)
mistaken = confusion - np.diag(np.diag(confusion))
worst = [
    f"{CLASS_NAMES[row]} taken for {CLASS_NAMES[column]}"
    for row, column in np.argwhere(mistaken == mistaken.max())
]
axes = sns.heatmap(counts, annot=True, fmt="d", cmap="Blues", cbar=False)
axes.set(xlabel="the model said", ylabel="it was")
show(
    axes,
    alt=(
        "Confusion matrix of the fine-tuned model on the test images; the numbers are"
        " in the table."
    ),
    caption=(
        f"Most often, {mistaken.max()} of {np.sum(test.labels == 0)}:"
        f" {'; '.join(worst)}."
    ),
    table=counts,
)

# %% [markdown]
# **Which images changed sides?** Accuracy is a difference of two numbers; here are the
# images behind it. Look at the lost ones: would you have got them right?

# %%
show(
    transferlab.plot_changed_sides(
        test.images, test.labels, feature_says, tuned_says, CLASS_NAMES
    ),
    alt=(
        "Upper row: images that fine-tuning won, lower row: images it lost, each with"
        " its class and the wrong answer."
    ),
    caption=(
        "From frozen features to fine-tuned. The gain is what is won less what is lost."
    ),
    table=pd.crosstab(
        pd.Series(
            np.where(feature_says == test.labels, "right", "wrong"),
            name="frozen features",
        ),
        pd.Series(
            np.where(tuned_says == test.labels, "right", "wrong"), name="fine-tuned"
        ),
    ),
)

# %% [markdown]
# **Pairs.** Both models saw the same test images, so only those that changed sides tell
# them apart. If the two were equally good, won and lost would be like heads and tails,
# and their difference mostly below twice the root of their sum.

# %%
won = int(np.sum((feature_says != test.labels) & (tuned_says == test.labels)))
lost = int(np.sum((feature_says == test.labels) & (tuned_says != test.labels)))
Markdown(
    f"{won} won, {lost} lost: a difference of {won - lost}, twice the root of the sum"
    f" is {2 * np.sqrt(won + lost):.0f}. "
    + (
        "More than luck on these images."
        if won - lost > 2 * np.sqrt(won + lost)
        else "This could be luck."
    )
)

# %% [markdown]
# **And the neighbours of section 5?** The same validation images, before and after the
# backbone's last block has adapted. It was trained on other images of these classes.

# %%
tuned_rows = transferlab.nearest_neighbours(features_of(backbone, validation).images)
shared["fine-tuned features"] = shared_class(tuned_rows)
show(
    transferlab.plot_neighbours(
        validation.images,
        validation.labels,
        CLASS_NAMES,
        {
            f"before: {percent(shared['pretrained features'], 0)} share": nearest[
                "pretrained features"
            ],
            f"after: {percent(shared['fine-tuned features'], 0)} share": tuned_rows,
        },
        queries=[0, 1, 2],
    ),
    alt=(
        "Three images with their five nearest neighbours, before and after fine-tuning."
    ),
    caption=(
        "Fine-tuning draws the images of a class together; a frame marks the same"
        " class."
    ),
    table=pd.DataFrame(
        {"neighbours that share the class": pd.Series(shared).map(percent)}
    ),
)

# %% [markdown]
# ## 9 When does transfer pay?
#
# Give both ways 10, 100 and 400 images of each class, and steps enough to learn from them
# all: 300 with the fewest images, 1,200 with the most. That takes minutes, so it was
# recorded, over several runs.
#
# > **Predict first.** Where will the two curves be furthest apart? Will they meet?
#
# <details><summary>An answer</summary>
#
# The fewer images, the more a network from scratch lacks and the more the backbone
# brings. With more images the baseline catches up, since it can learn features of its
# own, made for this task; the head on frozen features gains less and less, as the
# features themselves become the limit. Where they would meet depends on how close the
# source is. Steps matter, too: stopped early, a network from scratch looks worse with
# many images than it is, and the two curves seem to run side by side.
# </details>

# %%
SIZES = (10, 100, 400)
by_size = {
    title: [curve[f"{name} {size}"] for size in SIZES]
    for title, name in (("frozen features", "frozen"), ("from scratch", "scratch"))
}
size_table = pd.DataFrame(
    {name: [np.mean(runs) for runs in rows] for name, rows in by_size.items()},
    index=pd.Index(SIZES, name="images a class"),
)
show(
    transferlab.plot_data_curve(SIZES, by_size, chance=0.1),
    alt="Test accuracy over the number of training images a class: "
    + "; ".join(
        f"{name} {', '.join(percent(value, 0) for value in size_table[name])}"
        for name in size_table
    )
    + ".",
    caption=(
        f"Recorded on drawings, {len(curve['scratch 10'])} runs, the lines join the"
        f" means. Your run of section 4: {percent(scratch_accuracy)} from scratch with"
        " 100 a class."
    ),
    table=size_table.round(3),
)

# %%
leads = {
    size: np.array(curve[f"frozen {size}"]) - np.array(curve[f"scratch {size}"])
    for size in SIZES
}
Markdown(
    f"With {SIZES[0]} images a class the lead is {points(leads[SIZES[0]].mean())}, with"
    f" {SIZES[-1]} it is {points(leads[SIZES[-1]].mean())}. Frozen features with"
    f" {SIZES[0]} a class reach {percent(np.mean(curve['frozen 10']))}; from scratch it"
    " takes "
    + (
        "no more than"
        if np.mean(curve["scratch 400"]) >= np.mean(curve["frozen 10"])
        else "more than"
    )
    + f" {SIZES[-1]} a class to get there, forty times as many."
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: a near and a far source
#
# Is *any* pretraining good? The architecture of `mini_vgg` was trained on something far
# away: striped textures, eight kinds that differ in direction and width only. Then it was
# frozen, and a head was trained on its features of our drawings, beside heads on the
# emblem weights' features and on those of random weights.
#
# > **Predict first.** Features of a network that knows its own source well: near the
# > random ones, or near the emblems'?

# %%
textures = transferlab.striped_textures(10, seed=5)
show(
    transferlab.plot_images(
        textures.images, textures.labels, textures.class_names, rows=2, columns=5
    ),
    alt="Ten small images of noisy stripes in two colours, with their kind above.",
    caption="The far source: what tells its kinds apart is width and direction.",
)

# %%
recorded_sources = transferlab.recorded_accuracies("sources")
its_own = recorded_sources["textures, its own images"]
by_source = {name: recorded_sources[name] for name in ("random", "textures", "emblems")}
source_table = pd.DataFrame(by_source).describe().loc[["mean", "std", "min", "max"]].T
show(
    transferlab.plot_spread(by_source, chance=0.1),
    alt="Rows of ten dots, test accuracy with frozen features of three sources: "
    + ", ".join(f"{name} {percent(np.mean(runs))}" for name, runs in by_source.items())
    + ".",
    caption=(
        f"Recorded: {len(its_own)} runs. The far network recognises"
        f" {percent(np.mean(its_own))} of unseen textures. It was trained far shorter"
        " than the emblem weights, so this is no fair race; but knowing its own source"
        " well is not enough."
    ),
    table=source_table.round(3),
)

# %% [markdown]
# ## 10 Several architectures
#
# Three backbones, the same head, the same images: how good, how large, how fast? A
# backbone's size is its parameters; its speed is measured, as a median, on your machine.
#
# > **Predict first.** Does the one with fewest parameters answer fastest?
#
# <details><summary>An answer</summary>
#
# Not necessarily. Time goes into multiplications and into moving maps through memory,
# parameters count neither. A filter that is used at every place of a large map is one
# small array and a lot of work.
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


features = {BACKBONE: (train_features, test_features)}  # made in section 5
profiles = []
for name in transferlab.progress(COURSE.compared_backbones, "architectures"):
    network = transferlab.load_backbone(name, input_shape=COURSE.input_shape)
    if name not in features:
        features[name] = [features_of(network, part) for part in (train, test)]
    runs = [
        head_on_features(*features[name], name=f"{name}, seed {seed}", seed=seed)
        for seed in SEEDS
    ]
    profiles.append({
        "name": name,
        "test_accuracy": np.mean(runs),
        "between_runs": max(runs) - min(runs),
        "parameters": network.count_params(),
        "megabytes": network.count_params() * 4 / 1e6,  # four bytes for each float32
        "ms_per_image": milliseconds_per_image(network, validation.images[:100]),
    })
architectures = pd.DataFrame(profiles).set_index("name")
show(
    transferlab.plot_trade_off(
        architectures.reset_index(),
        x="parameters",
        y="test_accuracy",
        name="name",
        y_label="test accuracy, frozen (%)",
    ),
    alt="Test accuracy of three architectures over their number of parameters.",
    caption=(
        "Frozen features, mean over the seeds. The line joins those that none beats in"
        " both."
    ),
    table=architectures.round(3),
)

# %%
architectures.style.format({
    "test_accuracy": "{:.3f}",
    "between_runs": "{:.3f}",
    "parameters": "{:,}",
    "megabytes": "{:.2f}",
    "ms_per_image": "{:.2f}",
})

# %% [markdown]
# Does the better source network transfer better? Kornblith et al. compared many on many
# targets and found that accuracy on ImageNet and accuracy after transfer go together
# closely ([2019](https://arxiv.org/abs/1805.08974)); on fine-grained targets the gain
# over training from scratch was small. Three small networks cannot confirm that. Exercise
# 3 has you measure such a table and read a recommendation off it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: real networks on photographs
#
# Sections 6 and 7 again with networks that learned on ImageNet, on 1,000 photographs of
# CIFAR-10: a head on frozen features, then the last four layers that count, at a learning
# rate of 1e-5. It needs the photographs (`transferlab.load_images` says where they
# belong) and minutes for each network, so it runs only if you say so in the first line,
# and only with networks whose weights are at hand. With `download=True` in
# `load_backbone` Keras fetches the others, where there is a network connection. What is
# not run stands in the table as it was recorded, with its date.

# %%
RUN_REAL_NETWORKS = False  # True: some minutes for each network that is at hand
PER_CLASS = 100


def on_photographs(name):
    """Frozen features and the last four layers at 1e-5, on photographs."""
    parts = [
        transferlab.load_images("cifar10", split, per_class=PER_CLASS, seed=seed)
        for split, seed in (("train", 51), ("test", 53))
    ]
    photos, unseen = [
        part._replace(images=part.images.astype("float32")) for part in parts
    ]
    network = transferlab.load_backbone(name)
    network.trainable = False
    keras.utils.set_random_seed(SEEDS[0])
    maps = photos._replace(
        images=network.predict(photos.images, batch_size=50, verbose=0)
    )
    head = keras.Sequential([keras.Input(maps.images.shape[1:]), *new_head(10)])
    compile_and_fit(head, maps, None, HEAD_EPOCHS, HEAD_RATE, f"{name}, head")
    model = keras.Sequential([network, *head.layers])
    frozen_accuracy = accuracy(model, unseen)
    counted = [
        layer
        for layer in network.layers
        if layer.weights and type(layer) is not layers.BatchNormalization
    ]
    unfreeze_from(network, counted[-4].name)
    compile_and_fit(model, photos, None, TUNING_EPOCHS, 1e-5, f"{name}, last four")
    return {
        "frozen features": frozen_accuracy,
        "last four at 1e-5": accuracy(model, unseen),
    }


def recorded_result(name):
    """What was recorded of a network, as means over the runs, and when."""
    part = f"rates cifar10 {name}"
    if not transferlab.recorded_on(part):
        return {"recorded": "never: its weights were on no machine of ours"}
    runs = transferlab.recorded_accuracies(part)
    return {
        "frozen features": round(np.mean(runs["frozen"]), 3),
        "last four at 1e-5": round(np.mean(runs["1e-05"]), 3),
        "recorded": f"{transferlab.recorded_on(part)}, {len(runs['frozen'])} runs",
    }


real_networks = {}
for name in (
    "efficientnet_lite0@96",
    "mobilenet_0.75@96",
    "mobilenet_v2@96",
    "resnet50",
    "vgg16",
):
    missing = transferlab.missing_weights(name)
    if missing:
        real_networks[name] = {"why not run": missing.split(":")[0]}
    elif not RUN_REAL_NETWORKS:
        real_networks[name] = {"why not run": "RUN_REAL_NETWORKS is False"}
    else:
        try:
            real_networks[name] = on_photographs(name)
        except FileNotFoundError as no_photographs:
            real_networks[name] = {"why not run": str(no_photographs).split(";")[0]}
    if "why not run" in real_networks[name]:
        real_networks[name] |= recorded_result(name)
pd.DataFrame(real_networks).T.fillna("")

# %% [markdown]
# ## 11 What a flag really does in Keras 3
#
# Three things decide what learns: the flag `trainable`, whether the model was **compiled
# again** after the flag changed, and whether the backbone is called with
# `training=False`. Below, a tiny backbone of one convolution and one BatchNormalization.
# It is fitted once with the flag the other way round; then the flag is set as the row
# says, compiled again or not, and fitted once more. What moves?
#
# > **Predict first.** Fill in the table on paper, eight rows: does the convolution move?
# > The moving averages of BatchNormalization? Then count how many rows you had right.

# %%
def tiny_model(inference):
    """A backbone of convolution and BatchNormalization, and a head."""
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
        ],
        name="base",
    )
    inputs = keras.Input((8, 8, 3))
    maps = base(inputs, training=False) if inference else base(inputs)
    outputs = layers.Dense(2, activation="softmax")(
        layers.GlobalAveragePooling2D()(maps)
    )
    return keras.Model(inputs, outputs), base


noise = np.random.default_rng(0).normal(size=(64, 8, 8, 3)).astype("float32")
coin = np.arange(64) % 2


def moved_by_fit(model):
    """Train for an epoch, and say which arrays that moved."""
    old = [weight.numpy() for weight in model.weights]
    model.fit(noise, coin, verbose=0)
    moved = [
        not np.array_equal(before, weight.numpy())
        for before, weight in zip(old, model.weights, strict=True)
    ]
    return {
        "convolution": any(moved[:2]),
        "BN gamma, beta": any(moved[2:4]),
        "BN moving averages": any(moved[4:6]),
        "head": any(moved[6:]),
    }


rows = {}
cases = [(flag, inference) for flag in (False, True) for inference in (False, True)]
for flag, inference in transferlab.progress(cases, "settings"):
    model, base = tiny_model(inference)
    base.trainable = not flag
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(noise, coin, verbose=0)  # traces its step
    base.trainable = flag
    rows[flag, False, inference] = moved_by_fit(model)
    model.compile("adam", loss="sparse_categorical_crossentropy")
    rows[flag, True, inference] = moved_by_fit(model)
truth = pd.DataFrame(
    rows.values(),
    index=pd.MultiIndex.from_tuples(
        rows, names=["trainable set to", "compiled again", "training=False"]
    ),
).sort_index()
truth.replace({True: "moves", False: "stays"}).style.map(
    lambda word: (
        "background-color: #cfe3f5; color: black"
        if word == "moves"
        else "color: #555555"
    )
)

# %%
held = truth.loc[(True, True, True), "BN moving averages"]
off = truth.loc[(False, False, False), "convolution"]
on = truth.loc[(True, False, False), "convolution"]
frozen_moves = truth.loc[(False, True)].iloc[:, :3].any(axis=None)
Markdown(
    "What to read off it:\n\n* *Without compiling again, the flag has no effect.* Set"
    f" to False, the convolution {'still moves' if off else 'stays'}; set to True, it"
    f" {'moves' if on else 'does not'}: the first `fit` traced its step and keeps"
    " it.\n* *Set to False and compiled again, everything in the backbone stays*,"
    " moving averages included, with or without `training=False`:"
    f" {'not here!' if frozen_moves else 'so it is'}.\n* *`training=False` does"
    f" {'not ' if held else ''}hold the moving averages once the layer is trainable*:"
    f" in that row they {'move' if held else 'stay'}. Many guides rely on it; see"
    " [keras issue 20285](https://github.com/keras-team/keras/issues/20285). Only"
    " `trainable = False` on the BatchNormalization itself is sure."
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: classic mistakes, and what they cost
#
# Some mistakes ruin a result, and you notice. The dangerous ones cost little here and
# much elsewhere. Takes about a minute.
#
# > **Predict first.** Order these from harmless to fatal, all with frozen features:
# > images scaled to [0, 1] although the network wants [−1, 1]; scaled twice; not scaled
# > at all; red and blue swapped.

# %%
# Each line undoes or repeats part of the Rescaling layer in front of the backbone.
frozen = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
half_train, half_test = (
    part._replace(images=part.images[::2], labels=part.labels[::2])
    for part in (train, test)
)
feeds = {
    "right: raw images": lambda images: images,
    "red and blue swapped": lambda images: images[..., ::-1],
    "scaled to [0, 1]": lambda images: 127.5 + images / 2,
    "scaled twice": lambda images: images / 255,
    "not scaled at all": lambda images: (images + 1) * 127.5,
}
by_feed = {
    name: head_on_features(
        *(
            features_of(frozen, part._replace(images=feed(part.images)))
            for part in (half_train, half_test)
        ),
        name=name,
    )
    for name, feed in feeds.items()
}
show(
    transferlab.plot_comparison(by_feed, chance=0.1),
    alt="Bars of test accuracy for five ways to feed the images: "
    + ", ".join(f"{n} {percent(a)}" for n, a in by_feed.items())
    + ".",
    caption=(
        "No error message in any of them. The ones that cost next to nothing are those"
        " you will not find by accuracy."
    ),
)

# %% [markdown]
# And three mistakes of the second stage: flags flipped without compiling again; the whole
# backbone unfrozen from the start, at the head's learning rate, without a first stage;
# and BatchNormalization left training, which needs a backbone that has some.

# %%
keras.utils.set_random_seed(SEEDS[0])
forgetful_backbone = transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape)
forgetful = keras.Sequential([
    keras.Input(COURSE.input_shape),
    forgetful_backbone,
    *new_head(len(CLASS_NAMES)),
])
forgetful.set_weights(feature_weights)
forgetful_backbone.trainable = False
compile_and_fit(forgetful, train, None, 1, TUNING_RATE, "frozen")
unfreeze_from(forgetful_backbone, UNFREEZE_FROM[BACKBONE])
old = forgetful_backbone.get_weights()
forgetful.fit(train.images, train.labels, batch_size=BATCH_SIZE, verbose=0)
moved = sum(
    not np.array_equal(before, after)
    for before, after in zip(old, forgetful_backbone.get_weights(), strict=True)
)

keras.utils.set_random_seed(SEEDS[0])
hasty = keras.Sequential([
    transferlab.load_backbone(BACKBONE, input_shape=COURSE.input_shape),
    *new_head(len(CLASS_NAMES)),
])
compile_and_fit(hasty, train, None, HEAD_EPOCHS // 2, HEAD_RATE, "all at once")
by_mistake = {
    "frozen features": feature_accuracy,
    "right: two stages": tuned_accuracy,
    "not compiled again": accuracy(forgetful, test),
    "all at once": accuracy(hasty, test),
}
show(
    transferlab.plot_comparison(by_mistake, chance=0.1),
    alt="Bars of test accuracy: "
    + ", ".join(f"{n} {percent(a)}" for n, a in by_mistake.items())
    + ".",
    caption=(
        f"Not compiled again, {moved} arrays of the backbone moved: that is feature"
        " extraction under another name. Training all at once is not always punished,"
        " on a close source least of all; accuracy alone would not tell you."
    ),
)

# %%
NORMALIZED = next(
    name
    for name in COURSE.compared_backbones
    if name in ("mini_resnet", "mobilenet_0.75@96")
)


network = transferlab.load_backbone(NORMALIZED, input_shape=COURSE.input_shape)
network.trainable = False
keras.utils.set_random_seed(SEEDS[0])
maps = train._replace(images=network.predict(train.images, batch_size=100, verbose=0))
ready_head = keras.Sequential(
    [keras.Input(maps.images.shape[1:]), *new_head(len(CLASS_NAMES))]
)
compile_and_fit(
    ready_head, maps, None, HEAD_EPOCHS, HEAD_RATE, f"{NORMALIZED}, features"
)
normalized_model = keras.Sequential([network, *ready_head.layers])
first_stage = [variable.numpy() for variable in normalized_model.weights]


def with_normalization(left_training):
    """The second stage, from the same first one: accuracy, and averages that moved."""
    for variable, array in zip(normalized_model.weights, first_stage, strict=True):
        variable.assign(array)
    unfreeze_from(network, UNFREEZE_FROM[NORMALIZED])
    norms = [
        layer
        for layer in network.layers
        if isinstance(layer, layers.BatchNormalization)
    ]
    for norm in norms:
        norm.trainable = left_training
    old = [norm.moving_mean.numpy() for norm in norms]
    keras.utils.set_random_seed(SEEDS[0])
    compile_and_fit(
        normalized_model, half_train, None, 1, TUNING_RATE, f"{NORMALIZED}, fine-tuning"
    )
    moved = sum(
        not np.array_equal(before, norm.moving_mean.numpy())
        for before, norm in zip(old, norms, strict=True)
    )
    return {
        "accuracy on half of the test images": accuracy(normalized_model, half_test),
        "moving averages that moved": f"{moved} of {len(norms)}",
    }


pd.DataFrame({
    "BatchNormalization frozen": with_normalization(False),
    "left training": with_normalization(True),
})

# %% [markdown]
# Is there a price? Often there is none, when source and target have alike statistics and
# batches are not tiny. The rule stands all the same: with another target or batches of
# four images the averages go astray, and you would not know why. The graders of the
# exercises therefore look at what moves, not at accuracy.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ### Go deeper: the clinic
#
# Five short cells. Each runs, prints something, raises nothing, and has one silent bug.
# Find it before you open the answer: what does the number tell you?

# %%
pair_train = transferlab.load_images(
    DATA_SOURCE, "train", classes=COURSE.pair, per_class=100, seed=61
)
pair_test = transferlab.load_images(
    DATA_SOURCE, "test", classes=COURSE.pair, per_class=200, seed=63
)
pair_features = features_of(frozen, pair_train)
pair_test_features = features_of(frozen, pair_test)
healthy = head_on_features(pair_features, pair_test_features, name="healthy")
print(f"healthy: {percent(healthy)} of the test images right")

# %%
# Patient A
generator = np.random.default_rng(1)
mixed_images, mixed_labels = pair_features.images.copy(), pair_features.labels.copy()
generator.shuffle(mixed_images)
generator.shuffle(mixed_labels)
mixed = pair_features._replace(images=mixed_images, labels=mixed_labels)
print(
    f"A: {percent(head_on_features(mixed, pair_test_features, name='A'))} of the test"
    " images right"
)

# %% [markdown]
# <details><summary>What is wrong with A?</summary>
#
# Two calls, two different orders: images and labels have come apart. An accuracy near
# guessing *with a training loss that does fall* is the sign. Shuffle row numbers once and
# index both with them.
# </details>

# %%
# Patient B
other_test = transferlab.load_images(
    DATA_SOURCE, "test", classes=COURSE.pair[::-1], per_class=200, seed=63
)
other_test_features = features_of(frozen, other_test)
print(
    f"B: {percent(head_on_features(pair_features, other_test_features, name='B'))} of"
    " the test images right"
)

# %% [markdown]
# <details><summary>What is wrong with B?</summary>
#
# The classes were named in another order for the test, so 0 and 1 changed places. Far
# *below* guessing is the sign: a model must know the answer to be wrong so reliably. Fix
# the order of classes once, in one place.
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
# `trainble`. Python lets you set any attribute, so nothing was frozen, and accuracy may
# even look fine. The number of arrays that learn is the sign: a head like ours has four.
# </details>

# %%
# Patient D
few_rows = np.arange(40)
copies = np.concatenate([few_rows] * 5)  # more data by copying
order = np.random.default_rng(4).permutation(len(copies))
parts = [
    pair_features._replace(
        images=pair_features.images[copies[rows]],
        labels=pair_features.labels[copies[rows]],
    )
    for rows in (order[:150], order[150:])
]
print(
    f"D: {percent(head_on_features(parts[0], parts[1], epochs=15, name='D'))} of the"
    " validation images right"
)
print(
    f"D: {percent(head_on_features(parts[0], pair_test_features, epochs=15, name='D'))}"
    " of the test images right"
)

# %% [markdown]
# <details><summary>What is wrong with D?</summary>
#
# Copied first, split afterwards: nearly every validation image also is a training image.
# The sign is a validation accuracy above the test accuracy. The same happens with
# augmented copies, or several photographs of one patient. Split first.
# </details>

# %%
# Patient E
column = pair_test.labels.reshape(-1, 1)  # CIFAR-10 ships its labels like this
keras.utils.set_random_seed(SEEDS[0])
good_head = keras.Sequential(
    [keras.Input(pair_features.images.shape[1:]), *new_head(2)[1:]]
)
compile_and_fit(
    good_head, pair_features, pair_test_features, HEAD_EPOCHS, HEAD_RATE, "E"
)
good_says = good_head.predict(pair_test_features.images, verbose=0).argmax(axis=1)
print(f"E: {percent(np.mean(good_says == column))} of the test images right")

# %% [markdown]
# <details><summary>What is wrong with E?</summary>
#
# Only the evaluation. Comparing `(n,)` with `(n, 1)` gives a table of all pairs, `(n,
# n)`, and its mean is near one half whatever the model can do. The sign is a number that
# does not change when the model does. Flatten labels when you load them, and look at
# shapes.
# </details>

# %% [markdown]
# ## 12 Which way to take
#
# | labelled images | target resembles the source | target is far from it |
# |---|---|---|
# | below 10,000 | frozen features; then unfreeze the last block and see | frozen features of an earlier layer, or fine-tune more layers; compare with scratch |
# | 10,000 to a million | fine-tune, in two stages | fine-tune all layers; compare with scratch |
# | above a million | fine-tuning saves time; peak accuracy may come either way | from scratch is a real option |
#
# These bands are **rules of thumb**, not laws: section 9 shows how much depends on the
# task. Four more questions decide:
#
# | | from scratch | frozen features | fine-tuning |
# |---|---|---|---|
# | computing | most | least: no gradient through the backbone, features can be kept | between |
# | training time | longest | minutes | a few times the head's |
# | peak accuracy | highest with very much data, perhaps | limited by the features | mostly highest otherwise |
# | what goes wrong | too little data | features do not fit | forgetting, overfitting, flags |
#
# **Contested.** *Medical images:* on two large tasks, Raghu et al. found that ImageNet
# weights gave little, and small networks from scratch did as well
# ([2019](https://arxiv.org/abs/1902.07208)). Azizi et al. found clear gains from
# self-supervised pretraining on ImageNet and then on unlabelled medical images
# ([2021](https://arxiv.org/abs/2101.05224)). *Enough time instead of weights:* for
# detection on COCO, He et al. reached from scratch what pretraining gave, by training
# longer, and even with a tenth of the data; pretraining was faster, not better
# ([2019](https://arxiv.org/abs/1811.08883)). Where the literature disagrees, measure on
# your own data, with several seeds.
#
# ### Five decisions
#
# For each, choose `"scratch"`, `"features"`, `"fine-tune"`, or `"compare"` (contested:
# measure before you decide).
#
# 1. **The florist.** Forty phone photographs of each of twelve flowers, a laptop, and it
#    should run tomorrow.
# 2. **The web shop.** 60,000 product photographs in thirty groups, a graphics card, a
#    week, and every point of accuracy saves returns.
# 3. **The satellites.** Three million labelled tiles with thirteen colour channels, a
#    computing centre, a product for years.
# 4. **The X-rays.** 8,000 grey images, two findings, and patients who depend on it.
# 5. **The chip factory.** 500 microscope images of each of six defects. A head on frozen
#    features is trained already; it is as often wrong on the training images as on the
#    validation images.

# %%
# put your choices in place of None, then run the cell
decisions = {1: None, 2: None, 3: None, 4: None, 5: None}
transferlab.check_scenarios(decisions)

# %% [markdown]
# ## 13 Now you
#
# | exercise | you build | points |
# |---|---|---|
# | [1: Two classes, few pictures](../transfer_learning/exercise_1_two_classes.ipynb) | balanced samples, a feature extractor, two-stage fine-tuning, and a fair comparison of all three | 40 |
# | [2: How much to unfreeze](../transfer_learning/exercise_2_freezing_strategies.ipynb) | partial unfreezing, parameter counts, and a choice of what to unfreeze that weighs accuracy against effort | 30 |
# | [3: Which model to take](../transfer_learning/exercise_3_comparing_models.ipynb) | a profile of several backbones, those that none beats, and a recommendation for a purpose | 30 |
#
# The exercises ask for functions of your own, with contracts that differ from the helpers
# here; what carries over is what they do and why. Before you hand in: `python -m
# transferlab check exercise_1_two_classes.ipynb`.

# %% [markdown]
# ## 14 Summary
#
# * A backbone brings features, and well-scaled weights; the head is what is yours.
# * The control with random weights shows that it is the learning that helps; the far
#   source, that it must be learning of the right kind.
# * Frozen features first: cheap, hard to get wrong, often enough. Fine-tune from there,
#   last layers first.
#
# **Good practice**
#
# 1. Have a baseline and a control. Keep epochs or steps equal, and say which.
# 2. Let the model carry its own preprocessing.
# 3. After changing a flag, compile. Keep BatchNormalization of the backbone frozen by its
#    own flag.
# 4. Prove what moved by comparing arrays, not by reading flags.
# 5. Head first; then try learning rates a factor of ten apart, with the head alone as a
#    control.
# 6. Several seeds; report mean and spread; compare models on the same images in pairs.
# 7. Split before you copy or augment. Choose on validation images, report on test images,
#    once.
# 8. Look at the images that changed sides.

# %%
minutes = (time.perf_counter() - begun) / 60
print(f"this notebook took {minutes:.1f} minutes from its set-up to here")

# %% [markdown]
# ## 15 Further reading
#
# * J. Yosinski, J. Clune, Y. Bengio, H. Lipson: [How transferable are features in deep
#   neural networks?](https://arxiv.org/abs/1411.1792) NeurIPS 2014. Which layers are
#   general, which specific.
# * M. Zeiler, R. Fergus: [Visualizing and Understanding Convolutional
#   Networks](https://arxiv.org/abs/1311.2901). ECCV 2014. What layers look at, on real
#   photographs.
# * S. Kornblith, J. Shlens, Q. Le: [Do Better ImageNet Models Transfer
#   Better?](https://arxiv.org/abs/1805.08974) CVPR 2019.
# * K. He, R. Girshick, P. Dollár: [Rethinking ImageNet
#   Pre-training](https://arxiv.org/abs/1811.08883). ICCV 2019. The case for training from
#   scratch.
# * M. Raghu, C. Zhang, J. Kleinberg, S. Bengio: [Transfusion: Understanding Transfer
#   Learning for Medical Imaging](https://arxiv.org/abs/1902.07208). NeurIPS 2019.
# * B. Neyshabur, H. Sedghi, C. Zhang: [What is being transferred in transfer
#   learning?](https://arxiv.org/abs/2008.11687) NeurIPS 2020.
# * S. Azizi et al.: [Big Self-Supervised Models Advance Medical Image
#   Classification](https://arxiv.org/abs/2101.05224). ICCV 2021.
# * A. Kumar, A. Raghunathan, R. Jones, T. Ma, P. Liang: [Fine-Tuning can Distort
#   Pretrained Features and Underperform
#   Out-of-Distribution](https://arxiv.org/abs/2202.10054). ICLR 2022. Why the head comes
#   first.
# * F. Chollet: [Transfer learning and
#   fine-tuning](https://keras.io/guides/transfer_learning/), the Keras guide. Read it
#   with section 11 beside it.
