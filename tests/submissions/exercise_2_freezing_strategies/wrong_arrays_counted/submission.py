# %% count_parameters
def count_parameters(model):
    return {"trainable": len(model.trainable_weights), "frozen": len(model.non_trainable_weights)}
