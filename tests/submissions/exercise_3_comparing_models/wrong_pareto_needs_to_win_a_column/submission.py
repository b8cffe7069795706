# %% pareto_front
def pareto_front(table):
    best = (
        (table.val_accuracy == table.val_accuracy.max())
        | (table.parameters == table.parameters.min())
        | (table.ms_per_image == table.ms_per_image.min())
    )
    return table[best]
