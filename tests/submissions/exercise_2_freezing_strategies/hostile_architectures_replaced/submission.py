# %% after="architectures"
small = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(1, 1, name="block5_conv3")])
architectures = {name: small for name in architectures}

# %% comparison
pass  # this one is about what comes before

# %% figure
pass
