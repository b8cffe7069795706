"""Images, small pretrained backbones, plots and a self-check for the transfer-learning exercises.

Importing this package loads neither Keras nor Matplotlib, and sets nothing: no seed, no style, no thread count.
"""

from transferlab.backbones.registry import backbone_names, load_backbone, load_classifier, missing_weights
from transferlab.course import CourseData, course_data, course_sources
from transferlab.images import ImageSet, class_names, load_images, source_names
from transferlab.plots import plot_comparison, plot_histories, plot_images, plot_trade_off
from transferlab.plots_families import plot_families
from transferlab.plots_layers import plot_feature_maps, plot_filters, plot_strongest
from transferlab.plots_results import (
    confusion_counts,
    nearest_neighbours,
    plot_changed_sides,
    plot_confusion,
    plot_data_curve,
    plot_embeddings,
    plot_neighbours,
    plot_spread,
)
from transferlab.portable import note_not_carried
from transferlab.progress import epoch_bar, progress
from transferlab.recorded import recorded_accuracies, recorded_on
from transferlab.scenarios import check_scenarios
from transferlab.showing import show
from transferlab.signs import passed
from transferlab.textures import striped_textures

__all__ = [
    "CourseData",
    "ImageSet",
    "backbone_names",
    "check_scenarios",
    "class_names",
    "confusion_counts",
    "course_data",
    "course_sources",
    "epoch_bar",
    "load_backbone",
    "load_classifier",
    "load_images",
    "missing_weights",
    "nearest_neighbours",
    "note_not_carried",
    "passed",
    "plot_changed_sides",
    "plot_comparison",
    "plot_confusion",
    "plot_data_curve",
    "plot_embeddings",
    "plot_families",
    "plot_feature_maps",
    "plot_filters",
    "plot_histories",
    "plot_images",
    "plot_neighbours",
    "plot_spread",
    "plot_strongest",
    "plot_trade_off",
    "progress",
    "recorded_accuracies",
    "recorded_on",
    "show",
    "source_names",
    "striped_textures",
]
