# why = "recursion without end, with the limit lifted"
# lost = ["double", "answer"]
# %% double
import sys

sys.setrecursionlimit(10**8)

def double(numbers):
    return double([numbers])

# %% answer
answer = []
answer.append(answer)
