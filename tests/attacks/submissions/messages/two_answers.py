# why = "two answers to each question, the second another one, and one that comes before the question"
# lost = ["answer"]
# may_lose = ["double", "model"]
# %% answer
import sys

kernel = get_ipython().kernel
honest = kernel.session.send

def twice(stream, kind, *args, **kwargs):
    sent = honest(stream, kind, *args, **kwargs)
    if kind == "probe_reply":
        honest(stream, kind, {"status": "ok", "value": {"k": "float", "v": "420"}}, kwargs.get("parent") or (args[1] if len(args) > 1 else None))
    return sent

kernel.session.send = twice
answer = 0
