"""Start a template process: the stand-alone script that an environment's own Python runs.

    python -P -s template.py DESCRIPTOR

DESCRIPTOR is a connected SOCK_SEQPACKET socket inherited from the parent. Everything else lies in the folder `inner`
beside this file, which is made importable here as `sealed`: this environment has no `autograder`, and must not get
one.
"""

import importlib
import sys
import types
from pathlib import Path

if __name__ == "__main__":
    package = types.ModuleType("sealed")
    package.__path__ = [str(Path(__file__).parent / "inner")]
    sys.modules["sealed"] = package
    importlib.import_module("sealed.server").main(int(sys.argv[1]))
