"""How fast a sealed kernel is ready with TensorFlow imported, and what a cold one costs beside it.

    python benchmarks/kernel_start.py [--starts 20] [--json]

Ready means: forked, sealed, proven, answering on both channels, and `import tensorflow` run in a first cell. CPU is
that of everything in the sandbox, of bubblewrap, and what the template and this process spend on the start.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import time
from pathlib import Path

from autograder.kernels.limits import Limits
from autograder.kernels.settings import default_kernel_python, kernel_settings
from autograder.kernels.student import StudentKernel
from autograder.kernels.warm import Template

COLD = "import ipykernel.ipkernel, tensorflow, keras, transferlab, matplotlib.pyplot"


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its children that were waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def start_once(template: Template) -> tuple[float, float]:
    """Start a kernel, import TensorFlow in it, end it.

    Returns:
        Wall seconds until it was ready, and CPU seconds of all that took part, its end included.
    """
    before = cpu_of(template.pid) + time.process_time()
    started = time.perf_counter()
    with StudentKernel.start(template, limits=Limits(), seed=1) as kernel:
        run = kernel.run_cell("import tensorflow, keras, transferlab")
        wall = time.perf_counter() - started
        if run.status != "ok":
            raise RuntimeError(f"the first cell did not run: {run.status}, {run.reason}")
        inside = kernel.usage().cpu_seconds
    # What ends is waited for by the template, so its account holds it; the larger of both views counts.
    return wall, max(inside, cpu_of(template.pid) + time.process_time() - before)


def cold() -> tuple[float, float]:
    """Import the same in a fresh interpreter; wall and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([default_kernel_python(), "-c", COLD], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast a sealed kernel is ready.")
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cold_wall, cold_cpu = cold()
    with Template.start(kernel_settings()) as template:
        start_once(template)  # the first one reads files that stay cached
        measured = [start_once(template) for _ in range(options.starts)]
    walls, cpus = zip(*measured, strict=True)
    found = {
        "starts": options.starts,
        "ready_seconds_median": round(statistics.median(walls), 3),
        "ready_seconds_worst": round(max(walls), 3),
        "cpu_seconds_median": round(statistics.median(cpus), 3),
        "cold_seconds": round(cold_wall, 2),
        "cold_cpu_seconds": round(cold_cpu, 2),
        "aims": {"ready_seconds": 0.8, "cpu_seconds": 0.6},
    }
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:22} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
