# %% recommend
def recommend(table, scenario):
    order = {"accuracy": ["loss", "parameters", "name"], "speed": ["ms_per_image", "parameters", "name"]}
    order["size"] = ["parameters", "name"]
    if scenario not in order:
        raise ValueError(scenario)
    return table.assign(loss=-table.val_accuracy).sort_values(order[scenario]).index[0]
