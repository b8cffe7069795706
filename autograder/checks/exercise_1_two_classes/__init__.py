"""The check pages of exercise 1, two classes."""
