# %% recommend
def recommend(table, scenario):
    if scenario not in ("accuracy", "speed", "size"):
        raise ValueError(scenario)
    column = {"accuracy": "val_accuracy", "speed": "ms_per_image", "size": "parameters"}[scenario]
    return table.sort_values([column, "parameters", "name"], ascending=scenario != "accuracy")["name"].iloc[0]
