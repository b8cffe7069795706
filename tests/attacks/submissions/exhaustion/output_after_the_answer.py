# why = "floods every channel after each answer, from threads and from forks that share its sockets"
# lost = ["model"]
# %% model
model = None
import os
import threading

kernel = get_ipython().kernel
parent = kernel.get_parent()

def flood():
    while True:
        kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "x" * 50_000}, parent)
        print("y" * 50_000)

threading.Thread(target=flood, daemon=True).start()
