# %% pareto_front
def pareto_front(table):
    return table.copy()
