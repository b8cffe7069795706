"""The authoring room: what those who write a course try their checks with.

Golden submissions and slips say what is right and wrong; nothing here is sealed, because it runs the authors' own code.
"""
