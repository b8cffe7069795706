# why = "waits without working"
# lost = ["answer"]
# says = "stopped after 4 seconds; an endless loop, or waiting for something?"
# %% answer
import time

time.sleep(3_600)
