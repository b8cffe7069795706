# %% best_strategy
def best_strategy(table, tolerance):
    accuracy = table["val_accuracy"].to_numpy()
    good = table[accuracy >= np.max(accuracy) - tolerance]
    return good.sort_values(["trainable", "fraction"])["fraction"].iloc[0]
