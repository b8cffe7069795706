# %% comparison
table, best_model = compare_strategies(
    lambda: transferlab.load_backbone(BACKBONE, weights=None),
    (train_images, train_labels),
    (validation_images, validation_labels),
    FRACTIONS,
    HEAD_EPOCHS,
    EPOCHS,
)
chosen_fraction = best_strategy(table, TOLERANCE)
