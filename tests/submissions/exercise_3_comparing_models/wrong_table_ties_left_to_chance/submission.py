# %% comparison_table
def comparison_table(rows):
    names = [row["name"] for row in rows]
    if len(rows) < 3 or len(set(names)) < len(rows):
        raise ValueError(f"a comparison needs at least three different networks, got {names}")
    return pd.DataFrame(rows).sort_values("val_accuracy", ascending=False, kind="stable")
