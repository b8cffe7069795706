# why = "millions of empty files and directories: no block is used, but memory is"
# lost = ["answer"]
# may_lose = ["model"]
# says = "The cell `answer` did not come to an end"
# %% answer
import os

for folder in range(10**6):
    for place in ("/tmp", "/dev/shm", "/submission"):
        os.mkdir(f"{place}/{folder}")
        for number in range(200):
            os.mknod(f"{place}/{folder}/{number}")
