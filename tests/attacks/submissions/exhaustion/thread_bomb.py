# why = "threads without end"
# lost = ["answer", "model"]
# %% answer
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(60,)).start()
