# why = "answers of the wrong kind in every field, nested until JSON breaks"
# lost = ["double", "answer", "model"]
# %% double
import itertools
import json
import sys

probe = sys.modules["kernel_probe"]
kernel = get_ipython().kernel
nests = itertools.cycle([980, 960, 940, 900, 800, 500, 300, 200, 100, 50, 990, 995])

def answer_raw(stream, ident, parent):
    depth = next(nests)
    content = b'{"returned": ' + b'{"k": "list", "v": [' * depth + b"]}" * depth + b', "printed": {}, "seconds": NaN, "value": ' + b"[" * depth + b"]" * depth + b"}"
    header = dict(parent["header"], msg_type="probe_reply")
    frames = [json.dumps(part, default=str).encode() for part in (header, parent["header"], {})] + [content]
    stream.send_multipart([*ident, b"<IDS|MSG>", kernel.session.sign(frames), *frames])

kernel.shell_handlers["probe_request"] = answer_raw
