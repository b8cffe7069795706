# %% split_train_validation
def split_train_validation(images, labels, fraction, seed):
    hoard = []
    while True:
        hoard.append(np.ones(2**24))
