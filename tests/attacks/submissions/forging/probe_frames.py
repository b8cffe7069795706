# why = "a judged function walks its frames and the collector's objects for expected values and verdicts"
# lost = ["double"]
# prints = "FOUND []"
# %% double
import gc
import sys

found = []

def double(numbers):
    frame = sys._getframe()
    while frame is not None:
        for name, value in frame.f_locals.items():
            if name in {"expected", "CANARY", "outcome", "points"}:
                found.append((name, str(value)[:80]))
        frame.f_locals.update(returned={"k": "none"}, outcome="PASS", points=1)
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict and any(key in thing for key in ("expected", "CANARY", "check_settings", "max_points")):
            found.append(sorted(map(str, thing))[:9])
    return numbers

double(3)
print("FOUND", found)
