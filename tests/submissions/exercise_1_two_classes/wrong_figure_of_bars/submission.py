# %% figure
import matplotlib.pyplot as plt

for name, history in histories.items():
    plt.bar(name, history.history["val_accuracy"][-1], label=name)
plt.legend()
