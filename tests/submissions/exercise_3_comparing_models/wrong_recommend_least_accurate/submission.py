# %% recommend
def recommend(table, scenario):
    column = {"accuracy": "val_accuracy", "speed": "ms_per_image", "size": "parameters"}
    if scenario not in column:
        raise ValueError(scenario)
    return table.sort_values([column[scenario], "parameters", "name"])["name"].iloc[0]
