# %% pareto_front
def pareto_front(table):
    costs = table[["val_accuracy", "parameters", "ms_per_image"]].to_numpy()
    return table[[not any(np.all(other <= row) and np.any(other < row) for other in costs) for row in costs]]
