# why = "what the system shows and lets change: kernel memory, symbols, keys, core patterns, triggers, devices, control groups"
# lost = ["answer"]
# prints = "REACHED []"
# %% answer
import glob
import os
import stat

reached = []
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/keys", "/proc/kmsg", "/proc/sys/kernel/core_pattern",
             "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse",
             "/dev/tun", "/sys/kernel/uevent_helper", "/proc/1/environ", "/etc/shadow"):
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try:
            descriptor = os.open(path, flags)
        except OSError:
            continue
        if flags == os.O_WRONLY:
            reached.append((path, "may be written"))
        else:
            try:
                content = os.read(descriptor, 4096)
            except OSError:
                content = b""
            lines = [line for line in content.splitlines() if not line.startswith(b"0000000000000000 ")]
            if path not in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe") and lines and "keys" not in path:
                reached.append((path, lines[0][:40]))
        os.close(descriptor)
OWN = ("fs/mqueue/", "kernel/msg", "kernel/sem", "kernel/shm", "kernel/auto_msgmni", "kernel/ns_last_pid", "kernel/pid_max")
# of its own namespaces, which end with it
for place in ("/sys", "/dev", "/proc/sys"):
    for parent, folders, names in os.walk(place):
        for name in names:
            path = os.path.join(parent, name)
            if path.startswith(tuple(f"/proc/sys/{own}" for own in OWN)):
                continue
            try:
                if place != "/dev" and stat.S_ISREG(os.lstat(path).st_mode) and os.access(path, os.W_OK):
                    os.close(os.open(path, os.O_WRONLY))
                    reached.append((path, "may be written"))
                if stat.S_ISBLK(os.lstat(path).st_mode):
                    reached.append((path, "a disk"))
            except OSError:
                pass
reached += [(path, "a cgroup") for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)]
print("REACHED", reached)
