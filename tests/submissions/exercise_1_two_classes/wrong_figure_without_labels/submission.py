# %% figure
import matplotlib.pyplot as plt

for history in histories.values():
    plt.plot(history.history["val_accuracy"])
plt.xlabel("epoch")
