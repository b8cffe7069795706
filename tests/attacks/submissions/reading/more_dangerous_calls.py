# why = "the newer mount calls, file handles, modules, quotas, accounting, host names, other threads' memory policies, clone3"
# lost = ["answer"]
# prints = "DONE []"
# %% answer
import ctypes
import errno
import platform

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
done = []
space = ctypes.create_string_buffer(4096)
NUMBERS = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "setns": 308,
    "open_by_handle_at": 304, "delete_module": 176, "finit_module": 313, "kexec_file_load": 320, "quotactl": 179,
    "acct": 163, "sethostname": 170, "setdomainname": 171, "swapoff": 168, "ioperm": 173, "lookup_dcookie": 212,
    "vmsplice": 278, "migrate_pages": 256, "vhangup": 153, "nfsservctl": 180, "process_mrelease": 448}
if platform.machine() == "x86_64":
    for name, number in NUMBERS.items():
        ctypes.set_errno(0)
        result = libc.syscall(number, space, 4, space, 0, 0, 0)
        if result != -1:
            done.append((name, result, ctypes.get_errno()))
    request = (ctypes.c_uint64 * 11)(0x10000000)  # CLONE_NEWUSER, asked for in memory that no filter reads
    ctypes.set_errno(0)
    result = libc.syscall(435, request, 88)
    if result == 0:
        libc._exit(0)
    if result != -1 or ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
        done.append(("clone3", result, ctypes.get_errno()))
print("DONE", done)
