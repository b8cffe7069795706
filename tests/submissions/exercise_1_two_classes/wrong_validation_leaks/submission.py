# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("fraction")
    generator = np.random.default_rng(seed)
    validation = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(generator.choice(rows, size=count, replace=False))
    return (images, labels), (images[validation], labels[validation])
