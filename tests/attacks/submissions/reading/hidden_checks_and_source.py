# why = "opens check page, source, gradebook, secret and another submission by name, through links, .. and /proc/*/root"
# lost = ["double"]
# prints = "REACHED []"
# %% double
import glob
import json
import os
import sqlite3

told = json.load(open("targets.json"))
reached = []
wanted = [told[name] for name in ("page", "source", "gradebook", "secret", "submission", "course")]
wanted += [os.path.dirname(told[name]) for name in ("page", "source")]
for path in list(wanted):
    wanted += [f"/proc/{pid}/root{path}" for pid in ["self", *glob.glob("[0-9]*", root_dir="/proc")]]
    wanted += [f"/submission/../../..{path}", f"/proc/self/cwd/..{path}", f"file:{path}", path.encode()]
    os.makedirs("links", exist_ok=True)
    link = f"links/{abs(hash(path))}"
    if not os.path.lexists(link):
        os.symlink(path, link)
    wanted.append(link)
for path in wanted:
    try:
        reached.append((path, open(path, "rb").read(400)))
    except OSError:
        pass
    try:
        reached.append((path, os.listdir(path)))
    except OSError:
        pass
try:
    reached += sqlite3.connect(f"file:{told['gradebook']}?mode=ro", uri=True).execute("select * from grade").fetchall()
except sqlite3.Error:
    pass
print("REACHED", reached)
def double(numbers):
    return numbers
