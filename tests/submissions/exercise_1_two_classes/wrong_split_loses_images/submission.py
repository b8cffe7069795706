# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("fraction")
    generator = np.random.default_rng(seed)
    training, validation = [], []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(generator.permutation(rows)[:count])
        training.extend(generator.permutation(rows)[count:])
    return (images[training], labels[training]), (images[validation], labels[validation])
