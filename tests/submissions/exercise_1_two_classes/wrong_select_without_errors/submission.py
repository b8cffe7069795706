# %% select_classes
def select_classes(images, labels, classes):
    flat = np.asarray(labels).reshape(-1)
    keep = np.isin(flat, classes)
    numbers = [list(classes).index(label) for label in flat[keep]]
    return images[keep], np.array(numbers, dtype=np.int64)
