# why = "outputs no notebook can hold: half surrogate pairs, NaN, nests, numbers and types in the wrong place"
# lost = ["answer"]
# %% answer
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent()

import json

nest = []
for _ in range(900):
    nest = [nest]

def send(kind, text):
    header = dict(parent["header"], msg_type=kind, msg_id="1")
    frames = [json.dumps(part, default=str).encode() for part in (header, parent["header"], {})] + [text]
    kernel.iopub_socket.send_multipart([b"stream", b"<IDS|MSG>", session.sign(frames), *frames])

data = [b'"\\ud800"', b"NaN", b"Infinity", b"1e999", json.dumps(nest).encode(), b"[1, {}]", b'{"a": [null]}', b"7" * 4000, b"-0", b"true"]
for value in data:
    send("display_data", b'{"data": {"text/plain": %s, "application/json": %s, "\\udfff": "x"}, "metadata": {"a": %s}}' % (value, value, value))
    send("execute_result", b'{"data": {"text/html": %s}, "metadata": %s, "execution_count": %s}' % (value, value, value))
    send("stream", b'{"name": %s, "text": %s}' % (value, value))
    send("stream", b'{"name": "stdout", "text": "\\ud800 kept"}')
    send("error", b'{"ename": "\\ud800", "evalue": "\\udc00", "traceback": [%s, "\\ud800"]}' % value)
    send("update_display_data", b'{"data": {"text/plain": %s}, "transient": {"display_id": %s}}' % (value, value))
    send("clear_output", b'{"wait": %s}' % value)
    send("status", b'{"execution_state": %s}' % value)
