# %% pareto_front
def pareto_front(table):
    costs = np.column_stack([-table["val_accuracy"], table["parameters"]])
    return table[[not any(np.all(other <= row) and np.any(other < row) for other in costs) for row in costs]]
