# %% comparison_table
def comparison_table(rows):
    if len(rows) < 3:
        raise ValueError("too few rows")
    return pd.DataFrame(rows).sort_values(["val_accuracy", "parameters", "name"], ascending=[False, True, True])
