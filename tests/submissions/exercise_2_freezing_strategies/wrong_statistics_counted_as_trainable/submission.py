# %% count_parameters
def count_parameters(model):
    learning = {}

    def collect(layer):
        for inner in getattr(layer, "layers", []):
            collect(inner)
        if layer.trainable and not hasattr(layer, "layers"):
            learning.update({id(weight): weight for weight in layer.weights})

    collect(model)
    trainable = sum(int(np.prod(weight.shape)) for weight in learning.values())
    return {"trainable": trainable, "frozen": model.count_params() - trainable}
