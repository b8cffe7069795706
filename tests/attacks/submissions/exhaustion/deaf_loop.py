# why = "a loop that swallows every interrupt"
# lost = ["answer"]
# says = "(it did not react to an interrupt, so the kernel was killed"
# %% answer
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
