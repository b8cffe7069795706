# why = "answers that make comparisons raise: deep nests, mixed types, huge numbers, records"
# lost = ["double", "answer", "model"]
# %% double
import itertools
import numpy as np

nest = []
for _ in range(600):
    nest = [nest]
bad = itertools.cycle([nest, {1: 2}, "text", 10**60, b"bytes", object(), np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]), np.array(["NaT"], dtype="M8[s]"), {1, "a"}, (), np.zeros((0,) * 12), 1j, np.array([None, 1], dtype=object)])

def double(numbers):
    return next(bad)

# %% answer
answer = 10**70

# %% model
model = nest
