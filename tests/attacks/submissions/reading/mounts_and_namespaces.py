# why = "remount, umount, mknod, setns, unshare, pivot_root, chroot, the new mount calls, further user namespaces"
# lost = ["answer"]
# prints = "DONE []"
# %% answer
import ctypes
import json
import os

libc = ctypes.CDLL(None, use_errno=True)
told = json.load(open("targets.json"))
done = []

def attempt(name, run):
    try:
        result = run()
    except OSError:
        return
    if result is None or result >= 0:
        done.append((name, result))

attempt("remount", lambda: libc.mount(None, b"/usr", None, 0x1020, None))
attempt("remount root", lambda: libc.mount(None, b"/", None, 0x20, None))
attempt("bind", lambda: libc.mount(b"/", b"/tmp", None, 0x1000, None))
attempt("proc", lambda: libc.mount(b"proc", b"/tmp", b"proc", 0, None))
for place in (b"/tmp", b"/proc", b"/usr", b"/"):
    attempt("umount", lambda: libc.umount2(place, 2))
for flag in (0x20000, 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000, 0x80):
    attempt("unshare", lambda: libc.unshare(flag))
    attempt("clone", lambda: libc.syscall(56, flag | 17, 0, 0, 0, 0))
attempt("clone3", lambda: libc.syscall(435, ctypes.create_string_buffer(88), 88))
for name in ("mnt", "pid", "user", "net"):
    attempt("setns", lambda: libc.setns(os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0))
attempt("setns pidfd", lambda: libc.setns(os.pidfd_open(1), 0x20000))
attempt("pivot_root", lambda: libc.syscall(155, b"/tmp", b"/tmp"))
attempt("chroot", lambda: libc.chroot(b"/tmp"))
for number in (428, 429, 430, 431, 432, 433, 442, 467, 304, 303):
    attempt(f"call {number}", lambda: libc.syscall(number, -100, b"/", 0, 0, 0))
attempt("block device", lambda: os.mknod("/tmp/disk", 0o060600, os.makedev(254, 0)))
attempt("character device", lambda: os.mknod("/tmp/mem", 0o020600, os.makedev(1, 1)))
attempt("setuid", lambda: os.setuid(0))
attempt("setgroups", lambda: os.setgroups([0]))
attempt("uid map", lambda: os.write(os.open("/proc/self/uid_map", os.O_WRONLY), b"0 0 1"))
attempt("core pattern", lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
attempt("host name", lambda: libc.sethostname(b"owned", 5))
attempt("usr", lambda: os.open("/usr/bin/owned", os.O_WRONLY | os.O_CREAT))
attempt("victim", lambda: os.open(told["victim"], os.O_RDWR))
attempt("sysrq", lambda: os.open("/proc/sysrq-trigger", os.O_WRONLY))
attempt("mem", lambda: os.open("/dev/mem", os.O_RDWR))
for place in ("/sys", "/dev/kvm", "/dev/fuse", "/dev/vda", "/proc/kcore", "/proc/1/root/etc/shadow"):
    attempt(place, lambda: os.open(place, os.O_RDONLY))
print("DONE", done)
