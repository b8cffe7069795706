# why = "fills the buffers of thousands of sockets and pipes, which are the kernel's memory and nobody's"
# lost = ["answer"]
# says = "The cell `answer` did not come to an end"
# %% answer
import os
import socket
import time

for child in range(40):
    if os.fork() == 0:
        hoard = []
        try:
            while True:
                pair = socket.socketpair()
                hoard.append(pair)
                for end in pair:
                    end.setblocking(False)
                    try:
                        while True:
                            end.send(bytes(2**16))
                    except BlockingIOError:
                        pass
        except OSError:
            time.sleep(60)
time.sleep(60)
