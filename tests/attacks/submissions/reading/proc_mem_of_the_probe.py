# why = "writes to its own process memory, makes itself dumpable and undumpable, and dumps core"
# lost = ["double"]
# says = "the kernel died"
# %% double
import ctypes
import os
import resource

libc = ctypes.CDLL(None)
for what in (resource.RLIMIT_CORE, resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    try:
        resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("canary", what)
    except (ValueError, OSError):
        pass
libc.prctl(4, 0, 0, 0, 0)
libc.prctl(36, 0, 0, 0, 0)

def double(numbers):
    libc.prctl(4, 1, 0, 0, 0)
    os.chdir("/tmp")
    with open("/proc/self/mem", "wb", 0) as memory:
        memory.seek(ctypes.cast(libc.getpid, ctypes.c_void_p).value)
        memory.write(b"\xcc" * 64)
    os.getpid()
    os.abort()
