# %% count_parameters
def count_parameters(model):
    counts = {"trainable": 0, "frozen": 0}
    for layer in model.layers:
        for weight in layer.weights:
            learns = any(weight is other for other in layer.trainable_weights)
            counts["trainable" if learns else "frozen"] += math.prod(weight.shape)
    return counts
