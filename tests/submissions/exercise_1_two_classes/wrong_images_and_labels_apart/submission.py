# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < per_class:
            raise ValueError(f"class {label} has only {len(rows)} images")
        chosen.append(generator.choice(rows, size=per_class, replace=False))
    chosen = np.concatenate(chosen)
    return images[generator.permutation(chosen)], labels[generator.permutation(chosen)]

# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("fraction")
    generator = np.random.default_rng(seed)
    training, validation = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        validation.extend(rows[:count])
        training.extend(rows[count:])
    return (images[training], generator.permutation(labels[training])), (images[validation], labels[validation])
