"""Tables that are drawn for the checks. A file that begins with an underscore holds no checks."""

import numpy as np

from autograder.judge.tables import Table

ROWS_A_SPECIES = 12


def drawn_plants(seed, noise=0.0):
    """Draw three species that lie well apart in two measurements.

    Args:
        seed: Of all that is drawn.
        noise: Spread of a third measurement that says nothing; none if 0.

    Returns:
        A table with the column `species`, one without it, and the species of its rows.
    """
    generator = np.random.default_rng(seed)
    names = [f"{letter}{generator.integers(10, 99)}" for letter in generator.permutation(["alba", "nova", "rubra"])]
    centres = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])[generator.permutation(3)] + generator.uniform(-20, 20)

    def rows():
        species = generator.permutation(np.repeat(np.arange(3), ROWS_A_SPECIES))
        measured = centres[species] + generator.normal(size=(len(species), 2))
        columns = {"length": measured[:, 0], "width": measured[:, 1]}
        if noise:
            columns["height"] = generator.normal(scale=noise, size=len(species))
        return columns, [names[number] for number in species]

    (known, known_species), (unknown, unknown_species) = rows(), rows()
    return Table({**known, "species": known_species}), Table(unknown), unknown_species
