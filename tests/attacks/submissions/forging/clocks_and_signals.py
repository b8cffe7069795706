# why = "clocks that run backwards, signals ignored, every call traced, a collector that never rests"
# lost = ["answer"]
# may_lose = ["double", "model"]
# %% answer
import gc
import random
import signal
import sys
import threading
import time

for name in ("time", "perf_counter", "process_time", "thread_time"):
    setattr(time, name, lambda: random.choice([float("nan"), -1e300, 0.0]))
signal.signal(signal.SIGALRM, lambda *_: None)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
gc.callbacks.append(lambda *_: None)
gc.set_threshold(1)
sys.setprofile(lambda *_: None)
threading.setprofile(lambda *_: None)

answer = 420 - 1
