# why = "threads and atexit hooks go on writing, printing and changing names while others are judged"
# lost = ["answer"]
# %% double
import atexit
import threading
import time

def double(numbers):
    return 2 * numbers

def meddle():
    while True:
        get_ipython().user_ns["answer"] = "meddled"
        print("PASS", flush=True)
        time.sleep(0.01)

for _ in range(3):
    threading.Thread(target=meddle, daemon=False).start()
atexit.register(lambda: open("/tmp/after", "w").write("after"))

# %% answer
answer = "meddled"
