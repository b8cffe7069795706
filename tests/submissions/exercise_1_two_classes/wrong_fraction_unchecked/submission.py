# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    generator = np.random.default_rng(seed)
    training, validation = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(rows[:count])
        training.extend(rows[count:])
    return (images[training], labels[training]), (images[validation], labels[validation])
