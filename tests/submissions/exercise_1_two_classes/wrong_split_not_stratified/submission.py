# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    if not 0 < fraction < 1:
        raise ValueError("fraction")
    generator = np.random.default_rng(seed)
    rows = generator.permutation(len(labels))
    count = round(fraction * len(rows))
    return (images[rows[count:]], labels[rows[count:]]), (images[rows[:count]], labels[rows[:count]])
