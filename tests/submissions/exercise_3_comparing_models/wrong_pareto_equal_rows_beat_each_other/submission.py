# %% pareto_front
def pareto_front(table):
    costs = np.column_stack([-table["val_accuracy"], table["parameters"], table["ms_per_image"]])
    stays = []
    for place, row in enumerate(costs):
        others = np.delete(costs, place, axis=0)
        stays.append(not (others <= row).all(axis=1).any())
    return table[stays]
