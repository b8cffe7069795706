"""An engine that lets a Dask cluster run and judge: the same protocol, so a class run notices no difference.

Dask unpickles whatever a peer sends it, so whoever reaches a scheduler or worker runs code there as its user. Hence
TLS with certificates of the course's own authority, in which only machines that are trusted have a part; plain TCP
only on explicit request.
"""

import json
import math
import time
import uuid
import warnings
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from distributed import Client, LocalCluster, Security

from autograder.classes import remote
from autograder.course.course import Course, Secret
from autograder.course.errors import CourseError, JudgeFailed
from autograder.course.exercise import Exercise
from autograder.grading.engines import Graded
from autograder.grading.keys import terms_of
from autograder.grading.orders import disagreement, graded, order

CONNECT_SECONDS = 20
WORKERLESS_SECONDS = 60.0
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Certificates:
    """Files of one party of a cluster, in PEM; what is not named comes from Dask's own configuration."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


def cluster_security(address: str, certificates: Certificates, *, insecure: bool) -> Security | None:
    """Check how a cluster is to be reached.

    Args:
        address: The scheduler's, `tls://host:port`.
        certificates: Of this party.
        insecure: Whether plain TCP is accepted.

    Returns:
        What Dask needs; None for plain TCP.

    Raises:
        CourseError: It is not safe, or files are missing.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("tls", "tcp") or not parts.hostname or ":" not in parts.netloc:
        raise CourseError(f"--scheduler is an address like tls://host:8786 (got '{address}').")
    if parts.scheme == "tcp":
        if not insecure:
            raise CourseError(
                f"{address} is not protected: whoever reaches it can run code as you; use tls:// with certificates, "
                "or --insecure on a network in which you trust every machine and user."
            )
        return None
    for path in (certificates.ca, certificates.cert, certificates.key):
        if path is not None and not path.is_file():
            raise CourseError(f"There is no file {path}; name the PEM files with --tls-ca, --tls-cert and --tls-key.")
    named = {"tls_ca_file": certificates.ca}
    for role in ("client", "worker"):
        named |= {f"tls_{role}_cert": certificates.cert, f"tls_{role}_key": certificates.key}
    security: Any = Security(
        require_encryption=True, **{name: str(path) for name, path in named.items() if path is not None}
    )
    if not (security.tls_ca_file and security.tls_client_cert):
        raise CourseError(
            f"{address} needs certificates; name them with --tls-ca, --tls-cert and --tls-key, or in Dask's "
            "configuration (distributed.comm.tls)."
        )
    checked: Security = security
    return checked


class ClusterEngine:
    """Sends notebooks to a cluster's workers. Thread-safe; use as a context manager.

    Args:
        course: The course.
        secret: Its secret; only its digest is sent.
        address: The scheduler's, or a cluster of this machine's.
        security: From `cluster_security`.
    """

    def __init__(
        self, course: Course, secret: Secret, address: "str | LocalCluster", security: Security | None
    ) -> None:
        self._address = address
        self._security = security
        self._terms = dict(terms_of(course, secret.digest))
        self._open = ExitStack()
        self._client: Any = None

    @classmethod
    def on_this_machine(cls, course: Course, secret: Secret, jobs: int, each: int) -> Self:
        """Make a cluster of processes on the loopback device, with certificates that live as long as it does.

        Args:
            course: The course.
            secret: Its secret.
            jobs: Notebooks at once.
            each: How many of them one process drives.

        Returns:
            The engine; leaving it ends the cluster.
        """
        security = Security.temporary()
        cluster = LocalCluster(
            n_workers=math.ceil(jobs / each),
            threads_per_worker=math.ceil(jobs / math.ceil(jobs / each)),
            host="127.0.0.1",
            protocol="tls://",  # other users of this machine can reach the loopback device, too
            security=security,
            dashboard_address=None,
            memory_limit=0,
            env={remote.COURSE_VARIABLE: str(course.root)},
        )
        engine = cls(course, secret, cluster, security)
        engine._open.enter_context(cluster)
        return engine

    def __enter__(self) -> Self:
        """Connect, and ask every worker what it grades with.

        Raises:
            CourseError: The scheduler cannot be reached, has no worker, or one of its workers does not agree.
        """
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # notebooks are what there is to send
        try:
            client = Client(self._address, security=self._security, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self._open.close()
            raise CourseError(
                f"The scheduler at {self._address} cannot be reached ({error or type(error).__name__}); is it running, "
                "and do the certificates come from the same authority?"
            ) from error
        self._client = self._open.enter_context(client)
        try:
            self._ask_workers()
        except BaseException:
            self._open.close()
            raise
        return self

    def _ask_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise CourseError(
                f"The scheduler at {self._address} has no worker; start some with `autograder worker --scheduler ...`."
            ) from error
        for worker, said in self._client.run(remote.describe).items():
            terms = json.loads(said)
            refusal = terms.get("problem") or disagreement(self._terms, terms)
            if refusal:
                raise CourseError(f"Worker {worker} cannot grade: {refusal.rstrip('.')}.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def grade(
        self,
        notebook: bytes,
        files: Mapping[str, bytes],
        exercise: Exercise,
        secret: bytes,  # noqa: ARG002 - workers have their own copy
        answers: bytes = b"",
        *,
        in_full: str = "",
    ) -> Graded:
        """Let a worker run and judge a notebook; see `autograder.grading.engines.Engine.grade`.

        Raises:
            JudgeFailed: It was not graded; the sentence says why.
        """
        ordered = order(exercise.name, self._terms, notebook, files, answers, in_full)
        # A name of its own: the same work may be asked for again after an error.
        future = self._client.submit(remote.grade_order, ordered, key=f"grade-{uuid.uuid4()}", pure=False)
        return graded(self._result(future))

    def _result(self, future: Any) -> bytes:
        """Wait for a task. A worker that dies costs nothing but time: Dask gives its tasks to another one."""
        workerless_since = None
        while True:
            try:
                found: bytes = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                now = time.monotonic()
                workerless_since = None if self._client.nthreads() else workerless_since or now
                if workerless_since is not None and now - workerless_since > WORKERLESS_SECONDS:
                    raise JudgeFailed(f"no worker has been left at {self._address} for a minute; start some") from None
            except CancelledError as error:
                raise JudgeFailed(f"the scheduler at {self._address} is gone; start it again") from error
            except Exception as error:
                raise JudgeFailed(f"the cluster could not grade it: {error}") from error
            else:
                return found
