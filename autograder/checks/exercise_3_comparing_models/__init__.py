"""The check pages of exercise 3, comparing models."""
