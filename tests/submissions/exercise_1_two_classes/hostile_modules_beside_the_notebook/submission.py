# %% select_classes
def select_classes(images, labels, classes):
    return None

# %% after="select_classes"
import os

print("SHADOWED", os.environ.get("SHADOWED"), sorted(name for name in os.listdir() if name.endswith("_was_imported")))
