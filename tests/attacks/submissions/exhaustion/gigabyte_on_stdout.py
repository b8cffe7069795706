# why = "a gigabyte of output, also past Jupyter, on the raw descriptors"
# lost = ["answer"]
# says = "The cell `answer` did not come to an end"
# %% answer
import os

for _ in range(1024):
    print("x" * 2**20)
    os.write(1, b"x" * 2**20)
    os.write(2, b"x" * 2**20)
