# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    fraction = float(fraction)
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in counted[max(0, len(counted) - math.ceil(fraction * len(counted))) :]
    return backbone
