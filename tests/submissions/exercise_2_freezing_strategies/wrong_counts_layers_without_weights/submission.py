# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if fraction < 0 or fraction > 1:
        raise ValueError("fraction")
    backbone.trainable = True
    first = len(backbone.layers) - math.ceil(fraction * len(backbone.layers))
    for layer in backbone.layers[:first]:
        layer.trainable = False
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return backbone
