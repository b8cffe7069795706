# why = "vsock, packet, bluetooth, CAN, XDP, ALG and netlink sockets that no network namespace bounds well"
# lost = ["answer"]
# prints = "REACHED []"
# %% answer
import errno
import socket

reached = []
for family in range(0, 46):
    if family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        continue
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 0x0300):
            try:
                reached.append((family, kind, socket.socket(family, kind, protocol)))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EPERM, errno.EINVAL):
                    reached.append((family, kind, errno.errorcode[error.errno]))
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        reached.append(socket.socket(family, socket.SOCK_RAW, 1))
    except OSError:
        pass
try:
    route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    route.bind((0, 0))
    # RTM_NEWADDR on lo: asks for a change that needs CAP_NET_ADMIN
    route.send(bytes.fromhex("1c000000140005050100000000000000020800000100000008000200"))
    answer = route.recv(4096)
    if int.from_bytes(answer[16:20], "little", signed=True) == 0:
        reached.append("netlink")
except OSError:
    pass
print("REACHED", reached)
