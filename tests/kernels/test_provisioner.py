"""Plain nbclient and papermill run notebooks in sealed warm kernels through the provisioner."""

import asyncio
import os
import time
from importlib.metadata import EntryPoint

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from autograder.kernels import provisioner
from autograder.kernels.processes import tree
from autograder.kernels.settings import kernel_settings

NAME = "sealed-provisioner"


@pytest.fixture
def sealed(monkeypatch, warm):
    """Make the provisioner the default one, on the tests' own template."""
    factory = KernelProvisionerFactory.instance()
    target = "autograder.kernels.provisioner:SealedProvisioner"
    monkeypatch.setitem(factory.provisioners, NAME, EntryPoint(NAME, target, "jupyter_client.kernel_provisioners"))
    monkeypatch.setattr(factory, "default_provisioner_name", NAME)
    monkeypatch.setitem(provisioner._templates, kernel_settings(), warm)
    return warm


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


def test_nbclient_runs_a_notebook_in_a_sandbox(sealed):
    ran = NotebookClient(notebook("import os\nprint(os.getcwd(), os.getuid())", "1 + 1")).execute()
    assert ran.cells[0].outputs[0].text == "/submission 1000\n"
    assert ran.cells[1].outputs[0].data["text/plain"] == "2"
    assert tree([sealed.pid]) == [sealed.pid], "nothing is left running"


def test_papermill_runs_a_notebook(sealed, tmp_path):
    papermill = pytest.importorskip("papermill")
    nbformat.write(notebook("x = 1\nprint(x + 1)"), tmp_path / "in.ipynb")
    ran = papermill.execute_notebook(str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False)
    assert ran.cells[0].outputs[0].text == "2\n"


def test_a_dead_kernel_is_noticed(sealed):
    with pytest.raises(DeadKernelError):
        NotebookClient(notebook("import os\nos._exit(1)")).execute()


def test_timeouts_interrupt_the_cell(sealed):
    client = NotebookClient(
        notebook("while True: pass", "print('next')"), timeout=1, interrupt_on_timeout=True, allow_errors=True
    )
    assert client.execute().cells[1].outputs[0].text == "next\n"


def test_a_restarted_kernel_is_a_new_one(sealed):
    async def run():
        manager = AsyncKernelManager(kernel_name="python3")
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=20)
            await client.execute_interactive("x = 1", timeout=10)
            folder = os.path.dirname(manager.ip)
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=20)
            reply = await client.execute_interactive("x", timeout=10, output_hook=lambda message: None)
            return folder, reply["content"]
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)

    folder, content = asyncio.run(run())
    assert content["ename"] == "NameError"
    assert not os.path.exists(folder), "the sockets' folder is removed"


def test_the_template_is_started_again_when_it_died(monkeypatch, sealed):
    from tests.kernels.conftest import light_settings

    settings = light_settings()
    first = provisioner.shared_template(settings)
    os.kill(first.pid, 9)
    deadline = time.monotonic() + 5
    while first.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    second = provisioner.shared_template(settings)
    assert second is not first
    assert second.alive
    second.close()
    del provisioner._templates[settings]
