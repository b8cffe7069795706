# %% figure
import matplotlib.pyplot as plt

plt.plot(histories["baseline"].history["val_accuracy"], label="baseline")
plt.plot(histories["feature"].history["val_accuracy"], label="feature")
plt.title("baseline, feature and finetuned")
plt.legend()
