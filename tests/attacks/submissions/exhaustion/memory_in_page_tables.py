# why = "touches one page in every two mebibytes of terabytes that are never written: only page tables grow"
# lost = ["answer"]
# says = "memory"
# %% answer
import ctypes

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
hoard = []
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
while True:
    area = libc.mmap(None, 1 << 40, 1, 0x4022, -1, 0)
    libc.madvise(area, 1 << 40, 15)
    for offset in range(0, 1 << 40, 1 << 21):
        ctypes.c_char.from_address(area + offset).value
