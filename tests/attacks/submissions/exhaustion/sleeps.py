# why = "waits without working"
# lost = ["answer"]
# says = "stopped after 4 seconds of waiting; for something that never comes?"
# %% answer
import time

time.sleep(3_600)
