# why = "the same, through /dev/zero"
# lost = ["answer"]
# prints = "Error"
# %% answer
import mmap
import os

hoard = []
zero = os.open("/dev/zero", os.O_RDWR)
while True:
    part = mmap.mmap(zero, 2**26)
    part.write(b"x" * 2**26)
    part.madvise(mmap.MADV_DONTNEED)
    hoard.append(part)
