# %% sample_per_class
def sample_per_class(images, labels, per_class, seed):
    while True:
        seed += 1
