# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not 0 <= fraction <= 1:
        raise ValueError("fraction")
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in counted[len(counted) - math.ceil(fraction * len(counted)) :]
