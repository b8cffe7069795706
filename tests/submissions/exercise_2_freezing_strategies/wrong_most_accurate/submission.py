# %% best_strategy
def best_strategy(table, tolerance):
    return table.loc[table["val_accuracy"].idxmax(), "fraction"]
