# why = "searches all of its own memory, inherited from the template, for what others left there"
# lost = ["answer"]
# prints = "SEARCHED set()"
# %% answer
import re

searched, found = 0, set()
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        area, rights, *rest = line.split()
        low, high = (int(end, 16) for end in area.split("-"))
        anonymous = len(rest) < 4 or rest[3].startswith("[heap") or rest[3].startswith("[stack")
        if "r" not in rights or not anonymous or high - low > 300 << 20:
            continue
        try:
            memory.seek(low)
            data = memory.read(high - low)
        except OSError:
            continue
        searched += len(data)
        found |= set(re.findall(rb"canary-[0-9a-f]{16}", data))
print("SEARCHED" if searched > 50 << 20 else "TOO LITTLE", found)
