"""Canvas: its zip, gradebook and interface."""
