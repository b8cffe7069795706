# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < per_class:
            raise ValueError(f"class {label} has only {len(rows)} images")
        chosen.append(generator.choice(rows, size=per_class))
    chosen = generator.permutation(np.concatenate(chosen))
    return images[chosen], labels[chosen]
