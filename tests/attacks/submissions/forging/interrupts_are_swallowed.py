# why = "exceptions of its own making reach the probe: exits, interrupts, errors that cannot be shown"
# lost = ["double", "answer"]
# %% double
class Unspeakable(BaseException):
    def __str__(self):
        raise RecursionError
    __repr__ = __str__

def double(numbers):
    raise Unspeakable("\ud800 \x1b]0;owned\x07")

# %% answer
class Slippery:
    def __getattribute__(self, name):
        raise SystemExit(name)

answer = Slippery()
