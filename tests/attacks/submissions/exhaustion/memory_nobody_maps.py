# why = "shared memory that is dropped from every page table but stays allocated"
# lost = ["answer"]
# prints = "PermissionError"
# %% answer
import mmap

hoard = []
while True:
    part = mmap.mmap(-1, 2**26)
    part.write(b"x" * 2**26)
    part.madvise(mmap.MADV_DONTNEED)
    hoard.append(part)
