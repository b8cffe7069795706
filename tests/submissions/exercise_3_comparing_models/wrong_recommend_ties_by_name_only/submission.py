# %% recommend
def recommend(table, scenario):
    cost = {"accuracy": -table["val_accuracy"], "speed": table["ms_per_image"], "size": table["parameters"]}
    if scenario not in cost:
        raise ValueError(scenario)
    return min(zip(cost[scenario], table["name"]))[1]
