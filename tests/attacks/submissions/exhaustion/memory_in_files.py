# why = "fills every writable place at once, with deleted files still open"
# lost = ["answer"]
# %% answer
import os

streams = []
for place in ("/tmp", "/dev/shm", "/submission", os.path.expanduser("~")):
    for number in range(3):
        stream = open(f"{place}/big{number}", "wb")
        streams.append(stream)
        try:
            for _ in range(64):
                stream.write(bytes(2**20))
        except OSError:
            pass
        os.unlink(f"{place}/big{number}")
