"""Images, small pretrained backbones, plots and a self-check for the transfer-learning exercises.

Importing this package loads neither Keras nor Matplotlib, and sets nothing: no seed, no style, no thread count.
"""

from transferlab.images import ImageSet, class_names, load_images, source_names

__all__ = ["ImageSet", "class_names", "load_images", "source_names"]
