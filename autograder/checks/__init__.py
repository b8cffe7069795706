"""The check pages, one or more an exercise, and the thresholds of their accuracy gates."""
