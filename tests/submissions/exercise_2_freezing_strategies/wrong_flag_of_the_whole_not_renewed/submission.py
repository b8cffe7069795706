# %% unfreeze_fraction
def unfreeze_fraction(backbone, fraction):
    if not (fraction >= 0 and fraction <= 1):
        raise ValueError("fraction must be between 0 and 1")
    names = [
        layer.name
        for layer in backbone.layers
        if layer.weights and layer.__class__.__name__ != "BatchNormalization"
    ]
    frozen = len(names) - int(np.ceil(fraction * len(names)))
    backbone.trainable = False
    for name in names[frozen:]:
        backbone.get_layer(name).trainable = True
    return backbone
