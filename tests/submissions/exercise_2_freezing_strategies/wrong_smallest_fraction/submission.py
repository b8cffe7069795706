# %% best_strategy
def best_strategy(table, tolerance):
    good = table[table["val_accuracy"] >= table["val_accuracy"].max() - tolerance]
    return good["fraction"].min()
