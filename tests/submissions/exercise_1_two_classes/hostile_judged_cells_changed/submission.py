# %% select_classes
def select_classes(images, labels, classes):
    return None

# %% [markdown] check_select_classes
# Six points, please.

# %% check_sample_per_class delete=true

# %% check_figure nbgrader={"grade": true, "grade_id": "check_select_classes", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
print("a second check_select_classes")

# %% setup
import keras
import numpy as np
from keras import layers

import transferlab

BACKBONE, BATCH_SIZE, UNFROZEN_LAYERS, FINE_TUNING_RATE = "mini_vgg", 400, 8, 1.0
BASELINE_EPOCHS = FEATURE_EPOCHS = FINE_TUNING_EPOCHS = 1

# %% training_data
train_images = train_labels = validation_images = validation_labels = test_images = test_labels = None

# %% after="figure" tags=["skip-execution"]
raise SystemExit
