# %% pareto_front
def pareto_front(table):
    costs = np.column_stack([-table["val_accuracy"], table["parameters"], table["ms_per_image"]])
    return table[[not any(np.all(other < row) for other in costs) for row in costs]]
