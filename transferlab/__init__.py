"""Images, small pretrained backbones, plots and a self-check for the transfer-learning exercises.

Importing this package loads neither Keras nor Matplotlib, and sets nothing: no seed, no style, no thread count.
"""

from transferlab.backbones.registry import backbone_names, load_backbone
from transferlab.course import CourseData, course_data, course_sources
from transferlab.images import ImageSet, class_names, load_images, source_names
from transferlab.plots import plot_comparison, plot_histories, plot_images, plot_trade_off

__all__ = [
    "CourseData",
    "ImageSet",
    "backbone_names",
    "class_names",
    "course_data",
    "course_sources",
    "load_backbone",
    "load_images",
    "plot_comparison",
    "plot_histories",
    "plot_images",
    "plot_trade_off",
    "source_names",
]
