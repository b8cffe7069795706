"""Mutations: one small mistake in a piece of code, at every place where it can be made.

Each operator is a slip that students make, in a file of its own with an example; `OPERATORS` in `making` lists them.
What a mutant means is not known here; that it is another program is.
"""

from autograder.authoring.mutations.making import OPERATORS, Mutation, mutations
from autograder.authoring.mutations.operator import Operator

__all__ = ["OPERATORS", "Mutation", "Operator", "mutations"]
