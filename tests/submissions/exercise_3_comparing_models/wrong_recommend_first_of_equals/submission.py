# %% recommend
def recommend(table, scenario):
    if scenario == "accuracy":
        place = table["val_accuracy"].idxmax()
    elif scenario == "speed":
        place = table["ms_per_image"].idxmin()
    elif scenario == "size":
        place = table["parameters"].idxmin()
    else:
        raise ValueError(scenario)
    return table.loc[place, "name"]
