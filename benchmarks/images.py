"""How many drawings a second of a processor makes: students wait for them in the first cell, and so does every check.

python -m benchmarks.images               five draws of two chunks each; the best counts, as others share the machine
python -m benchmarks.images --draws 20

They were meant to be made at 2,000 a second.
"""

import time
from typing import Annotated

import typer

from transferlab import load_images
from transferlab.drawing.pen import CHUNK

WANTED = 2000


def main(draws: Annotated[int, typer.Option(help="How often images are drawn anew.", min=1)] = 5) -> None:
    """Draw images of all ten classes; end with 1 if they come more slowly than wanted."""
    load_images(per_class=CHUNK)  # fonts and tables are made once
    rates = []
    for seed in range(draws):
        started = time.process_time()
        images = load_images(per_class=2 * CHUNK, seed=seed).images
        rates.append(len(images) / (time.process_time() - started))
    typer.echo(f"{max(rates):,.0f} images a CPU-second at best, {min(rates):,.0f} at worst; wanted: {WANTED:,}")
    raise typer.Exit(0 if max(rates) >= WANTED else 1)


if __name__ == "__main__":
    typer.run(main)
