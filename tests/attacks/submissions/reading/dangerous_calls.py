# why = "bpf, perf, userfaultfd, io_uring, keys, memfd, ptrace, process_vm, shared memory, semaphores, tracing of clocks"
# lost = ["answer"]
# prints = "DONE []"
# %% answer
import ctypes
import errno
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
done = []
space = ctypes.create_string_buffer(4096)
NUMBERS = {"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426,
    "add_key": 248, "request_key": 249, "keyctl": 250, "memfd_create": 319, "memfd_secret": 447, "ptrace": 101,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438, "shmget": 29, "msgget": 68,
    "semget": 64, "syslog": 103, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "personality": 135,
    "kexec_load": 246, "init_module": 175, "swapon": 167, "reboot": 169, "fanotify_init": 300, "inotify_init": 253,
    "inotify_init1": 294, "modify_ldt": 154, "iopl": 172, "x32 getpid": 0x40000000 + 39}
if platform.machine() == "x86_64":
    for name, number in NUMBERS.items():
        ctypes.set_errno(0)
        result = libc.syscall(number, space, 4, 0o1600, 0, 0, 0)
        if not (result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)):
            done.append((name, result, ctypes.get_errno()))
print("DONE", done)
