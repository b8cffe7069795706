"""Two templates for all tests of this folder: a light one for the sandbox, and one with TensorFlow for kernels."""

import json
import os
import textwrap
from pathlib import Path

import pytest

from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.payload import readable
from autograder.kernels.settings import TemplateSettings, default_kernel_python, kernel_settings
from autograder.kernels.student import StudentKernel
from autograder.kernels.warm import Template
from tests.kernels.trainings_compared import COMMON

ENTRY = Path(__file__).with_name("inside_entry.py")
SMALL = Limits(
    cell_cpu_seconds=5,
    cell_wall_seconds=20,
    notebook_cpu_seconds=60,
    notebook_wall_seconds=120,
    memory_mib=512,
    processes=160,
    file_mib=16,
    output_mib=2,
)


def light_settings(**changes):
    options = {"python": default_kernel_python(), "entry": "kernel_inside_entry:main", "preload": (str(ENTRY),)}
    return TemplateSettings(**(options | changes))


@pytest.fixture(scope="session")
def light():
    """A template without any imports: children in milliseconds."""
    try:
        template = Template.start(light_settings())
    except (SandboxUnavailable, TemplateFailed) as missing:
        pytest.skip(str(missing))
    with template:
        yield template


@pytest.fixture(scope="session")
def warm():
    """A template with TensorFlow."""
    try:
        template = Template.start(kernel_settings())
    except (SandboxUnavailable, TemplateFailed) as missing:
        pytest.skip(str(missing))
    with template:
        yield template


@pytest.fixture(scope="module")
def trainer(warm):
    """A kernel with room to train, and what the tests of training need in it."""
    roomy = Limits(cell_cpu_seconds=60, cell_wall_seconds=120, memory_mib=1_536)
    with StudentKernel.start(warm, limits=roomy, seed=1) as started:
        assert started.run_cell(COMMON).status == "ok"
        yield started


@pytest.fixture
def kernel(warm):
    """A student's kernel with small limits, one for each test."""
    with StudentKernel.start(warm, limits=SMALL, seed=1) as started:
        yield started


class Inside:
    """Runs code in a sealed child of the light template."""

    def __init__(self, template):
        self.template = template

    def __call__(self, code, *, limits=SMALL, files=None, extra=(), wall_seconds=20.0):
        """Return what the code left in its dict `found`."""
        reading, writing = os.pipe()
        request = {"code": textwrap.dedent(code)}
        try:
            with self.template.fork(request, [writing, *extra], files, limits=limits) as child:
                os.close(writing)
                writing = -1
                assert readable(reading, wall_seconds), "no answer from inside"
                data = b""
                while part := os.read(reading, 65536):
                    data += part
                    child.wait(wall_seconds)
            assert data, f"the child died with {child.exit_code}"
        finally:
            os.close(reading)
            if writing >= 0:
                os.close(writing)
        answer = json.loads(data)
        assert "failed" not in answer, answer.get("failed")
        return answer["found"]


@pytest.fixture
def inside(light):
    """Call with code; what it puts into `found` comes back."""
    return Inside(light)
