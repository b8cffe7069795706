# %% best_strategy
def best_strategy(table, tolerance):
    good = table[table["val_accuracy"] >= table["val_accuracy"].max() - tolerance]
    return good.sort_values(["trainable", "fraction"], ascending=[True, False])["fraction"].iloc[0]
