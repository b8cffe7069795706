# why = "a fork goes on answering while the kernel itself is stopped"
# lost = ["answer"]
# says = "did not react"
# %% answer
import os
import signal
import time

parent = os.getpid()
kernel = get_ipython().kernel
if os.fork() == 0:
    for _ in range(50):
        os.kill(parent, signal.SIGSTOP)
        time.sleep(0.1)
        for kind in ("execute_reply", "probe_reply"):
            try:
                kernel.session.send(kernel.shell_stream, kind, {"status": "ok", "value": {"k": "int", "v": "420"}}, kernel.get_parent())
            except Exception:
                pass
    os._exit(0)
time.sleep(60)
