# %% count_parameters
def count_parameters(model):
    return {
        "trainable": sum(math.prod(v.shape) for v in model.trainable_variables),
        "frozen": sum(math.prod(v.shape) for v in model.non_trainable_variables),
    }
