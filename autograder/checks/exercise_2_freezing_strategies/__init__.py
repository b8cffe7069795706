"""The check pages of exercise 2, freezing strategies."""
