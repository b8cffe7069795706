"""A small batch renderer: signed-distance shapes in plain numpy, 50 images at a time."""
