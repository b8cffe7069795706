"""Pretrained networks without their classifiers, small embedded ones and those of keras.applications, one interface."""
