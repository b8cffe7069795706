# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < per_class:
            raise ValueError("too few images")
        chosen.append(generator.permutation(rows)[:per_class])
    chosen = generator.permutation(np.concatenate(chosen))
    return images[chosen], labels[chosen]
