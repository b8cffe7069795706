# why = "one message that never ends, written by hand on the channel of outputs"
# lost = ["answer"]
# says = "The cell `answer` did not come to an end"
# %% answer
import os
import socket

for name in os.listdir("/proc/self/fd"):
    try:
        connected = socket.socket(fileno=os.dup(int(name)))
        connected.getpeername()
        if connected.getsockname().endswith("-2"):
            break
    except OSError:
        continue
part = b"\x03" + (1 << 19).to_bytes(8, "big") + bytes(1 << 19)
connected.setblocking(True)
while True:
    connected.sendall(part)
