"""Own a template process: start it once, fork sealed children from it in milliseconds.

    with Template.start(settings) as template, template.fork(request, limits=limits) as child:
        ...

Theory of operation. The template (`template.py`, run by the environment's own Python) imports what is slow, then
waits. For each child it has bubblewrap build an empty sandbox; a fork of it enters, gives up every privilege, proves
so, and reports to the owner through a pipe before it does anything else. The owner holds a process descriptor of each
child, so that no signal can reach a stranger. When the owner dies or closes the template, the template dies; when the
template dies, bubblewrap dies; when bubblewrap dies, the kernel ends everything inside.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

from autograder.kernels import processes
from autograder.kernels.children import Child
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.payload import pack, read_report
from autograder.kernels.settings import HOME, TEMPLATE, Isolation, TemplateSettings
from autograder.kernels.slots import lease

MESSAGE_BYTES = 64 * 1024
START_SECONDS = 600.0
ANSWER_SECONDS = 300.0
"""Far more than needed: they end what hangs, not what is slow on a busy machine."""
LAST_WORDS_BYTES = 64 * 1024
SLOT_SECONDS = 3600.0


class Template:
    """A warm process that forks sealed children. Several threads may use it; it is a context manager."""

    def __init__(self, settings: TemplateSettings, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self.settings = settings
        self.shared_mib = 0.0
        """Anonymous memory of the template, which its children share."""
        self.threads = 0
        """Threads the imports left behind: 1, or forks are not safe."""
        self.preload_seconds = 0.0
        self._process = process
        self._channel = channel
        self._lock = threading.Lock()
        self._ready = False
        self._prepared: set[str] = set()
        self._free = threading.BoundedSemaphore(settings.slots)

    @classmethod
    def start(cls, settings: TemplateSettings, *, wait: bool = True) -> Self:
        """Start a template.

        Args:
            settings: what to import and how to seal.
            wait: return when it is ready (seconds, for TensorFlow); False: return at once, the first use waits.

        Returns:
            The template.

        Raises:
            SandboxUnavailable: this machine refuses sandboxes.
            TemplateFailed: an import failed, or the Python is not there.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(START_SECONDS)
        command = [str(settings.python), "-P", "-s", str(TEMPLATE), str(theirs.fileno())]
        try:
            # /proc as folder: Keras creates its cache folder when it is imported, and there it cannot.
            process = subprocess.Popen(
                command, env=settings.start_environment(), cwd="/proc", stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise TemplateFailed(f"{settings.python} cannot be run ({error}); create that environment first") from error
        finally:
            theirs.close()
        template = cls(settings, process, ours)
        try:
            ours.sendall(json.dumps(template._first_message()).encode())
            if wait:
                template.wait_ready()
        except BaseException:
            template.close()
            raise
        return template

    def _first_message(self) -> dict[str, Any]:
        trial = lease(self.settings.first_uid)
        trial.close()
        return self.settings.message() | {
            "trial_uid": trial.uid,
            # The signal follows the thread that started the process, so only the main thread's end may send it.
            "die_with_parent": threading.current_thread() is threading.main_thread(),
        }

    def wait_ready(self) -> None:
        """Return when the imports are done.

        Raises:
            SandboxUnavailable: this machine refuses sandboxes.
            TemplateFailed: an import failed, or the process died.
        """
        with self._lock:
            self._wait_ready()

    def _wait_ready(self) -> None:
        if self._ready:
            return
        answer = self._receive()[0]
        if "failed" in answer:
            failure = SandboxUnavailable if answer["failed"] == "sandbox" else TemplateFailed
            raise failure(f"{_advice(answer)}")
        self._ready = True
        self.preload_seconds, self.threads = float(answer["seconds"]), int(answer["threads"])
        self.shared_mib = processes.anonymous_mib(self._process.pid)

    @property
    def alive(self) -> bool:
        """Whether the template process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the template."""
        return self._process.pid

    def fork(
        self,
        request: Mapping[str, Any],
        descriptors: Sequence[int] = (),
        files: Mapping[str, bytes] | None = None,
        *,
        limits: Limits,
        environment: Mapping[str, str] | None = None,
        look_around: Sequence[str] | None = None,
    ) -> Child:
        """Fork a child and return when it is sealed.

        Args:
            request: handed to the entry; must go through JSON.
            descriptors: handed to the entry, duplicated; the caller keeps his own.
            files: relative name to content, laid out in the child's work folder.
            limits: what the child may use.
            environment: variables beside the standard ones.
            look_around: do not call the entry, report what is seen from inside instead; the paths are looked for there.

        Returns:
            The child. Waits while as many children as `slots` are alive.

        Raises:
            SandboxUnavailable: the child could not prove that it is sealed, and was killed.
            TemplateFailed: the template is gone.
        """
        if not self._free.acquire(timeout=SLOT_SECONDS):
            raise TemplateFailed(f"all {self.settings.slots} slots of this template were busy; close children sooner")
        try:
            header = {
                "request": dict(request),
                "environment": dict(environment or {}),
                "limits": asdict(limits),
                "look_around": look_around is not None,
                "absent": list(look_around or ()),
            }
            return self._fork(header, descriptors, files or {}, limits)
        except BaseException:
            self._free.release()
            raise

    def _fork(
        self, header: dict[str, Any], descriptors: Sequence[int], files: Mapping[str, bytes], limits: Limits
    ) -> Child:
        with contextlib.ExitStack() as on_failure, contextlib.ExitStack() as always:
            slot = on_failure.enter_context(contextlib.closing(lease(self.settings.first_uid)))
            folder = ""
            if self.settings.isolation is Isolation.OFF:
                folder = tempfile.mkdtemp(prefix="unsealed-")
                on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
            header["environment"] = self.settings.child_environment(folder or HOME) | header["environment"]
            payload = always.enter_context(pack(header, files))
            status_read, status_write = os.pipe()
            words_read, words_write = os.pipe()
            always.callback(os.close, status_read)
            on_failure.callback(os.close, words_read)
            os.set_blocking(words_write, False)
            message = {"op": "fork", "uid": slot.uid, "file_mib": limits.file_mib, "folder": folder}
            try:
                answer, received = self._ask(message, [payload.fileno(), status_write, words_write, *descriptors])
            finally:
                os.close(status_write)
                os.close(words_write)
            if "error" in answer:
                raise SandboxUnavailable(_advice(answer))
            child = Child(self.end, answer["pid"], answer["init"], received[0], slot, words_read, folder)
            child.shared_mib = self.shared_mib
            on_failure.pop_all()
            try:
                child.report = read_report(status_read, ANSWER_SECONDS)
            except BaseException:
                child.close()
                raise
            return child

    def prepare(self, function: str, calls: Iterable[Sequence[Any]]) -> None:
        """Have the template do once what children forked later would all do; what fails there, they do themselves.

        Args:
            function: `module:function`, under the same rules as `TemplateSettings.warm_up`.
            calls: arguments of each call; must go through JSON. A call made before is not made again.
        """
        for call in ({"op": "prepare", "function": function, "arguments": list(arguments)} for arguments in calls):
            if (key := json.dumps(call)) not in self._prepared:
                self._prepared.add(key)
                self._ask(call)
                self.shared_mib = processes.anonymous_mib(self._process.pid)

    def _ask(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> tuple[dict[str, Any], list[int]]:
        with self._lock:
            self._wait_ready()
            try:
                socket.send_fds(self._channel, [json.dumps(message).encode()], descriptors)
                return self._receive()
            except OSError as error:
                raise self._gone(error) from error

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, MESSAGE_BYTES, 4)
        except OSError as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone(None)
        return json.loads(data), list(descriptors)

    def _gone(self, error: OSError | None) -> TemplateFailed:
        """Close what is left of the template and say what happened."""
        if isinstance(error, TimeoutError):
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.poll()
        return TemplateFailed(
            f"the template process of {self.settings.python} is gone (exit status {code}; "
            f"{error or 'it closed its socket'}); start another one"
        )

    def end(self, child: Child) -> int | None:
        """Kill and reap a child; called by `Child.close`.

        Args:
            child: one of this template's.

        Returns:
            Its exit code, negative for a signal; None: unknown, the template is gone (and with it the child).
        """
        try:
            status = self._ask({"op": "end", "pid": child.pid})[0].get("status")
        except TemplateFailed:
            status = None
        finally:
            self._free.release()
        return None if status is None else os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """End the template and everything forked from it."""
        self._channel.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _advice(answer: Mapping[str, Any]) -> str:
    """Add to an error from inside the template what can be done about it."""
    words = str(answer["error"])
    if "setting up uid map" in words or "No permissions to create" in words or "Operation not permitted" in words:
        words += (
            "; this machine refuses user namespaces to unprivileged users: allow them "
            "(sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0, "
            "in a container a seccomp profile that allows unshare, setns and mount)"
        )
    if "Permission denied" in words:
        words += "; sandboxes run as another user: what they read must be readable for everybody (chmod -R a+rX FOLDER)"
    return words
