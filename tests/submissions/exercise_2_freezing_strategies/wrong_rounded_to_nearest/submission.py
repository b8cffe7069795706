# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not 0 <= fraction <= 1:
        raise ValueError("fraction")
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    first = len(counted) - round(fraction * len(counted))
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in counted[first:]
    return backbone
