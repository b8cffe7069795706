"""The judge's room: what a check page is written with, and what turns it into results."""
