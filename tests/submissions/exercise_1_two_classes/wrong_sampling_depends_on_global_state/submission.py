# %% sample_per_class
np.random.seed(0)


def sample_per_class(images, labels, per_class, seed):
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < per_class:
            raise ValueError(f"class {label} has only {len(rows)} images")
        chosen.append(np.random.choice(rows, size=per_class, replace=False))
    chosen = np.random.permutation(np.concatenate(chosen))
    return images[chosen], labels[chosen]
