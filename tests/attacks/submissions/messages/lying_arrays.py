# why = "arrays whose headers lie: huge, negative, structured, of objects, of no size; thousands of buffers"
# lost = ["double", "answer", "model"]
# %% double
import itertools
import struct
import sys

probe = sys.modules["kernel_probe"]

def npy(descr, shape, body=b"", fortran="False"):
    head = "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body

headers = itertools.cycle([
    npy("'<i8'", "(1099511627776,)"), npy("'<i8'", "(-1,)", bytes(8)), npy("'|O'", "(1,)", b"cos\nsystem\n(S'true'\ntR."),
    npy("[('a', '<i4')]", "(1,)", bytes(4)), npy("'|S0'", "(4000000000,)"), npy("'<U0'", "(1000000000000000000,)"),
    npy("'<i8'", "(0, 99999999999999999999)"), npy("'<i8'", str((1,) * 60), bytes(8)), npy("()", "(1,)"), npy("'<i8'", "7"),
    npy("'<M8[s]'", "(1,)", bytes(8)), npy("'<i8'", "(True,)", bytes(8)), npy("'<f8'", "(1e3,)", bytes(8)), b"\x93NUMPY\x09\x09", b"PK\x03\x04",
    npy("{'names': ['a'], 'formats': ['O']}", "(1,)", bytes(8)), npy("'<i8'", "(" * 400 + ")" * 400), npy("'<V8'", "(1,)", bytes(8)), b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
])

def forged(content, buffers, namespace):
    arrays = [next(headers) for _ in range(3)]
    node = {"k": "array", "i": 0, "type": "numpy.ndarray"}
    return {"returned": node, "value": node, "printed": "", "seconds": 0, "callable": False}, arrays

probe._OPERATIONS["call"] = forged

# %% answer
probe._OPERATIONS["read"] = lambda content, buffers, namespace: ({"value": {"k": "array", "i": 10**9, "type": ""}}, [b"x"] * 15_000)
