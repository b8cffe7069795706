# why = "objects that run code when they are unpickled, converted or shown"
# lost = ["double", "answer", "model"]
# %% double
import os
import pickle

class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/unpickled",)
    def __array__(self, *args, **kwargs):
        os._exit(1)
    __repr__ = __str__ = __iter__ = __len__ = __array__

def double(numbers):
    return [pickle.dumps(Bomb()), {"a": Bomb()}]

# %% answer
answer = pickle.dumps(Bomb())

# %% model
model = {"model": Bomb()}
