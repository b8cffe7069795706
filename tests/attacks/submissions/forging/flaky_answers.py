# why = "another answer to every question, to break the search for a smaller example"
# lost = ["double"]
# %% double
import itertools

counter = itertools.count()

def double(numbers):
    return 2 * numbers if next(counter) % 2 else numbers
