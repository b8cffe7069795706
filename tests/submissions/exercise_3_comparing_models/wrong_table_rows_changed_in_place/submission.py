# %% comparison_table
def comparison_table(rows):
    names = [row["name"] for row in rows]
    if len(rows) < 3 or len(set(names)) < len(rows):
        raise ValueError(f"a comparison needs at least three different networks, got {names}")
    rows.sort(key=lambda row: (-row["val_accuracy"], row["parameters"], row["name"]))
    return pd.DataFrame(rows)
