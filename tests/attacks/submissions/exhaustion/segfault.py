# why = "crashes in native code, in a cell and in a call"
# lost = ["double", "answer"]
# says = "the kernel died"
# %% double
import ctypes

def double(numbers):
    ctypes.string_at(0)

# %% answer
import ctypes

ctypes.string_at(0)
