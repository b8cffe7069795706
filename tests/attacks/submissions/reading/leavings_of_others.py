# why = "what may have been left where it may write, beside its folder, in memory files, and by who ran before"
# lost = ["answer"]
# prints = "REACHED []"
# files = {"mine.txt" = "mine"}
# %% answer
import os
import tempfile

reached = []
own = {"mine.txt", "targets.json"}
for place in (os.getcwd(), os.path.expanduser("~"), "/tmp", "/dev/shm", tempfile.gettempdir(), "/run", "/var/tmp"):
    for parent, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name != "site-packages"]  # where the project itself lies in /tmp
        for name in names:
            path = os.path.join(parent, name)
            if name in own or "/." in path or "matplotlib" in path or "keras" in path:
                continue
            reached.append(path)
for descriptor in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        continue
    if target.startswith("/") and not target.startswith(("/dev/null", "/proc/", "/usr/", "/dev/urandom")):
        reached.append((descriptor, target))
print("REACHED", [one for one in reached if "site-packages" not in str(one)])
