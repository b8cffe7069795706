# %% split_train_validation
import time


def split_train_validation(images, labels, fraction, seed):
    time.sleep(3_600)
