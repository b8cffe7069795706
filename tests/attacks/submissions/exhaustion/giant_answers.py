# why = "gigabytes returned, as one array, as text, as a nest, as a million parts"
# lost = ["double", "answer"]
# %% double
import itertools
import numpy as np

kinds = itertools.cycle([lambda: np.broadcast_to(np.int64(1), (2**40,)), lambda: "x" * 2**27, lambda: list(range(10**6)), lambda: np.zeros(2**24), lambda: 1 << 10**6, lambda: {n: n for n in range(10**5)}])

def double(numbers):
    return next(kinds)()

# %% answer
answer = [[[0] * 1000] * 1000] * 1000
