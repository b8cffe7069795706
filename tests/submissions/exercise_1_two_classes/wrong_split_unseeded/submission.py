# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("fraction")
    generator = np.random.default_rng(0)
    training, validation = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(rows[:count])
        training.extend(rows[count:])
    return (images[training], labels[training]), (images[validation], labels[validation])
