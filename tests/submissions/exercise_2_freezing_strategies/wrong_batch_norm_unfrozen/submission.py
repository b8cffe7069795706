# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not 0 <= fraction <= 1:
        raise ValueError("fraction")
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    unfrozen = counted[len(counted) - math.ceil(fraction * len(counted)) :]
    backbone.trainable = True
    learns = False
    for layer in backbone.layers:
        learns = learns or layer in unfrozen
        layer.trainable = learns
    return backbone
