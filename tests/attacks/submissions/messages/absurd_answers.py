# why = "numbers of thousands of digits, infinite times, half surrogate pairs and escape sequences where words go"
# lost = ["double", "answer", "model"]
# %% double
import itertools
import json
import sys

kernel = get_ipython().kernel
huge = b"9" * 4200
words = b'"\\ud800\\u001b]0;owned\\u0007\\u202e<script>alert(1)</script>"'
contents = itertools.cycle([
    b'{"raised": {"type": %s, "bases": [%s], "message": %s, "line": %s}, "printed": %s, "seconds": 0}' % ((words,) * 5),
    b'{"returned": {"k": "float", "v": %s}, "printed": "", "seconds": 0, "value": {"k": "float", "v": %s}}' % (huge, huge),
    b'{"returned": {"k": "int", "v": "--5"}, "printed": "", "seconds": 1e999}',
    b'{"returned": {"k": "str", "v": %s}, "printed": "", "seconds": 0, "value": {"k": "str", "v": %s}}' % (words, words),
    b'{"returned": {"k": %s, "type": %s, "text": %s}, "seconds": %s, "printed": 0}' % (words, words, words, huge),
    b'{"missing": %s, "failed": {"type": %s, "message": %s}}' % (words, words, words),
    b'{"returned": {"k": "dict", "v": [[{"k": "list", "v": []}, {"k": "none"}]]}, "printed": "", "seconds": 0}',
    b'[]', b'null', b'{"stopped": "points", "content": {"do": "result"}, "generation": 99}', b'{"failed": [1]}',
])

def answer_raw(stream, ident, parent):
    header = dict(parent["header"], msg_type="probe_reply")
    frames = [json.dumps(part, default=str).encode() for part in (header, parent["header"], {})] + [next(contents)]
    stream.send_multipart([*ident, b"<IDS|MSG>", kernel.session.sign(frames), *frames])

kernel.shell_handlers["probe_request"] = answer_raw
