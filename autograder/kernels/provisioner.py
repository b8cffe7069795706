"""Sealed warm kernels for all that starts kernels the Jupyter way: nbclient, nbconvert, papermill, jupyter_client.

In a kernelspec: `"metadata": {"kernel_provisioner": {"provisioner_name": "sealed-provisioner"}}`; or, for every
kernel of a process, the environment variable JUPYTER_DEFAULT_PROVISIONER_NAME=sealed-provisioner.
"""

import asyncio
import atexit
import signal
import threading
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Dict, Unicode

from autograder.kernels.channels import Listeners
from autograder.kernels.children import Child
from autograder.kernels.limits import Limits
from autograder.kernels.settings import CHANNELS, TemplateSettings, kernel_settings
from autograder.kernels.warm import Template
from autograder.kernels.watch import Watch

POLL_SECONDS = 0.02

_templates: dict[TemplateSettings, Template] = {}
_lock = threading.Lock()


def shared_template(settings: TemplateSettings) -> Template:
    """Return this process's template for the settings, started at the first use and again when it has died.

    Args:
        settings: of the template.

    Returns:
        The template; it is closed when the process ends.
    """
    with _lock:
        template = _templates.get(settings)
        if template is None or not template.alive:
            if template is not None:
                template.close()
            template = _templates[settings] = Template.start(settings)
        return template


@atexit.register
def close_shared_templates() -> None:
    """End the templates of this process."""
    with _lock:
        while _templates:
            _templates.popitem()[1].close()


class SealedProvisioner(KernelProvisionerBase):
    """Starts kernels by forking them, sealed, from a warm template."""

    python = Unicode(
        "", config=True, help="The kernel environment's interpreter; empty: the one beside this environment."
    )
    limits = Dict({}, config=True, help="Fields of autograder.kernels.limits.Limits and their values.")

    _child: Child | None = None
    _watch: Watch | None = None
    _listeners: Listeners | None = None
    _exit_code = 0

    @property
    def has_process(self) -> bool:
        """Whether a kernel runs, or has run and was not cleaned up."""
        return self._child is not None

    async def poll(self) -> int | None:
        """Return None while the kernel runs, else its exit code."""
        if self._child is None:
            return self._exit_code
        if self._child.alive:
            return None
        self._end()
        return self._exit_code

    async def wait(self) -> int | None:
        """Wait for the kernel to end and return its exit code."""
        while await self.poll() is None:  # noqa: ASYNC110 (a process gives no event)
            await asyncio.sleep(POLL_SECONDS)
        return self._exit_code

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal; 0 only asks whether it is there."""
        if self._child is not None and signum:
            self._child.signal(signal.Signals(signum))

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 (the base class's signature)
        """Kill the kernel with everything it has started."""
        self._end()

    async def terminate(self, restart: bool = False) -> None:
        """Kill: there is nothing in a sandbox to tidy up."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the listening sockets and tell the manager where they are, before it writes the connection file."""
        manager: Any = self.parent
        if self._listeners is None:
            self._listeners = Listeners()
        else:
            self._listeners.renew()
        manager.transport, manager.ip = "ipc", self._listeners.prefix
        for number, channel in enumerate(CHANNELS, 1):
            setattr(manager, f"{channel}_port", number)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)
        return await super().pre_launch(cmd=list(self.kernel_spec.argv), **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Fork a kernel. The kernelspec's command, the caller's environment and working directory do not reach it."""
        await asyncio.to_thread(self._launch)
        return self.connection_info

    def _launch(self) -> None:
        if self._listeners is None:
            raise RuntimeError("launch_kernel was called before pre_launch; start kernels through a KernelManager")
        template = shared_template(kernel_settings(Path(self.python) if self.python else None))
        limits = Limits(**self.limits)
        key: Any = self.connection_info["key"]  # bytes, whatever its declared type says
        request = {"key": key.decode() if isinstance(key, bytes) else key, "seed": None}
        self._child = template.fork(request, self._listeners.descriptors, limits=limits)
        self._listeners.release()
        self._watch = Watch(self._child, limits)
        self._watch.start()

    def _end(self) -> None:
        child, watch = self._child, self._watch
        self._child = self._watch = None
        if watch is not None:
            watch.stop()
        if child is not None:
            child.close()
            self._exit_code = child.exit_code or 0

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the kernel leaves; its sockets' paths are kept for a restart."""
        self._end()
        if self._listeners is not None and not restart:
            self._listeners.close()
            self._listeners = None
