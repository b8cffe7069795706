"""What runs in the template process and in the sandboxes forked from it.

Stand-alone: the environment that runs these files has no `autograder`. `kernels/template.py` makes this folder
importable there under the name `sealed`; the files know each other by relative imports only and import nothing else
of the project.
"""
