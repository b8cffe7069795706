# %% select_classes
def select_classes(images, labels, classes):
    if not classes or len(set(classes)) < len(classes) or not set(classes) <= set(np.unique(labels).tolist()):
        raise ValueError(f"bad classes {classes}")
    keep = np.isin(labels, classes)
    numbers = np.zeros(np.shape(labels), dtype=np.int64)
    for number, label in enumerate(classes):
        numbers[labels == label] = number
    return images[keep], numbers[keep]
