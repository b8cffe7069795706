# %% comparison
table, best_model = compare_strategies(
    lambda: transferlab.load_backbone(BACKBONE),
    (train_images, train_labels),
    (validation_images, validation_labels),
    FRACTIONS,
    HEAD_EPOCHS,
    EPOCHS,
)
chosen_fraction = float(table["val_accuracy"].max())

# %% figure
import matplotlib.pyplot as plt

plt.plot(table["seconds"], table["val_accuracy"], "o")
plt.xlabel("seconds")
plt.ylabel("accuracy")
