# %% recommend
def recommend(table, scenario):
    if scenario not in ("accuracy", "speed", "size"):
        raise ValueError(scenario)
    column = {"accuracy": "val_accuracy", "speed": "ms_per_image", "size": "parameters"}[scenario]
    up = [scenario != "accuracy", True, True] if scenario != "size" else [True, True]
    by = [column, "parameters", "name"] if scenario != "size" else ["parameters", "name"]
    table.sort_values(by, ascending=up, inplace=True, ignore_index=True)
    return table["name"][0]
