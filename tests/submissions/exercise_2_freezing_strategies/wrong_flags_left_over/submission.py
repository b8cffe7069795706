# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not 0 <= fraction <= 1:
        raise ValueError("fraction")
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    for layer in counted[len(counted) - math.ceil(fraction * len(counted)) :]:
        layer.trainable = True
    return backbone
