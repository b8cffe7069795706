"""Many notebooks: what was handed in, a run over a class, on one machine or on many."""
