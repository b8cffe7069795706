# why = "remembers the judge's inputs and prints them from a later cell; they count as public, no expected value is among them"
# lost = ["answer"]
# prints = "REMEMBERED"
# %% double
import numpy as np

seen = []

def double(numbers):
    seen.append(numbers.copy())
    return 2 * numbers

# %% answer
print("REMEMBERED" if seen else "nothing", [inputs.tolist() for inputs in seen])
