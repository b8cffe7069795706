# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    for label in np.unique(labels):
        if np.sum(labels == label) < per_class:
            raise ValueError(f"class {label} is too small")
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(labels))[: per_class * len(np.unique(labels))]
    return images[chosen], labels[chosen]
