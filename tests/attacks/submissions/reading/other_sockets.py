# why = "connects to the neighbour's sockets, to listeners outside, on loopback and in the abstract namespace"
# lost = ["answer"]
# prints = "REACHED []"
# %% answer
import glob
import json
import socket

told = json.load(open("targets.json"))
reached = []
paths = told["sockets"] + [f"{told['neighbour_sockets']}-{number}" for number in range(1, 6)]
paths += glob.glob("/tmp/k-*/*") + glob.glob("/run/**/*.sock", recursive=True) + glob.glob("/root/.local/share/jupyter/runtime/*")
paths += [line.split()[-1] for line in open("/proc/net/unix").read().splitlines()[1:] if len(line.split()) > 7 and "@" in line]
for path in paths:
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(0.2)
        try:
            door.connect("\0" + path[1:] if path.startswith("@") else path)
            reached.append(path)
        except OSError:
            pass
for address in [("127.0.0.1", told["port"]), ("localhost", told["port"]), ("127.0.0.1", 8888), ("1.1.1.1", 53), ("169.254.169.254", 80), ("10.0.0.1", 80), ("::1", told["port"])]:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as door:
            door.settimeout(0.2)
            try:
                door.connect(address)
                door.send(b"hello")
                if kind == socket.SOCK_STREAM:
                    reached.append(address)
            except OSError:
                pass
try:
    reached.append(socket.getaddrinfo("example.org", 80))
except OSError:
    pass
print("REACHED", reached)
