# %% select_classes
def select_classes(images, labels, classes):
    flat = np.asarray(labels).reshape(-1)
    if not classes or len(set(classes)) < len(classes) or not set(classes) <= set(flat.tolist()):
        raise ValueError(f"bad classes {classes}")
    keep = np.isin(flat, classes)
    for number, label in enumerate(classes):
        flat[flat == label] = number
    return images[keep], flat[keep].astype(np.int64)
