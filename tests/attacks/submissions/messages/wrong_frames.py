# why = "frames of every wrong shape, unsigned, empty, doubled, for nobody, on every channel"
# lost = ["answer"]
# %% answer
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent()

import os

ident = getattr(kernel, "_parent_ident", {}).get("shell", [b""]) if isinstance(getattr(kernel, "_parent_ident", None), dict) else [b""]
header = b'{"msg_id": "1", "msg_type": "execute_reply", "session": "s", "username": "u", "date": "9999-99-99", "version": "99"}'
shapes = [
    [], [b""], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"x"], [b"<IDS|MSG>"] * 50, [b"\xff" * 100] * 20, [b"<IDS|MSG>", b"", b"[]", b"1", b"null", b'"x"'],
    [b"<IDS|MSG>", b"", b"{", b"{", b"{", b"{"], [b"<IDS|MSG>", b"0" * 64, header, b"{}", b"{}", b"{}"], [b""] * 3000,
]
signed = [[header, b"[]", b"{}", b"{}"], [b"[]"] * 4, [b"null"] * 4, [header, b"{}", b"{}", b"[" * 5000], [b'{"msg_type": {"a": 1}}', b'{"msg_id": [1]}', b"{}", b"{}"]]
for frames in signed:
    shapes.append([b"<IDS|MSG>", session.sign(frames), *frames])
for shape in shapes * 3:
    for where in (kernel.iopub_socket, kernel.shell_stream, kernel.control_stream, kernel.stdin_socket):
        try:
            (where.send_multipart)([*ident, *shape] if where is not kernel.iopub_socket else shape)
        except Exception:
            pass
