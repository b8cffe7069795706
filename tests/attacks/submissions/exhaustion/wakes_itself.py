# why = "stops itself and its children and has them wake each other, while others may want it to stand still"
# lost = ["answer"]
# says = ""
# %% answer
import os
import signal
import time

me = os.getpid()
first = os.fork()
if first == 0:
    for _ in range(60):
        os.kill(me, signal.SIGCONT)
        time.sleep(0.02)
    os._exit(0)
second = os.fork()
if second == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)
for _ in range(5):
    os.kill(me, signal.SIGSTOP)
    os.kill(second, signal.SIGCONT)
answer = 0
