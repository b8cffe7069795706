# %% pareto_front
def pareto_front(table):
    costs = np.column_stack([-table["val_accuracy"], table["parameters"], table["ms_per_image"]])
    table["beaten"] = [any(np.all(other <= row) and np.any(other < row) for other in costs) for row in costs]
    return table[~table["beaten"]].drop(columns="beaten")
