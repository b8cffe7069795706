# %% comparison_table
def comparison_table(rows):
    return pd.DataFrame(rows).sort_values(["val_accuracy", "parameters", "name"], ascending=[False, True, True])
