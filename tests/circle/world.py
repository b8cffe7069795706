"""A course as it is run: an instructor's course folder, an exchange, and students who are other users of the machine.

Run by root, students are system accounts of their own, so the exchange's permissions are real; run by an ordinary user,
everybody is that user.
"""

import contextlib
import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nbformat

from autograder.course.exercise import grade_id_of
from autograder.kernels.settings import default_kernel_python

PROJECT = Path(__file__).resolve().parents[2]
EXERCISES = ("exercise_1_two_classes", "exercise_2_freezing_strategies")
"""Of the assignment: several notebooks, and no more than it takes."""
ASSIGNMENT, COURSE_ID = "transfer_learning", "transfer-learning"
TOKEN = "a token for tests"
ACCOUNTS = ("games", "news", "mail", "lp")
"""System accounts that every Debian has, and that own nothing."""
WRITTEN = "Because pretrained filters see shapes, which few pictures cannot teach."


@dataclass
class World:
    """Folders and people of one course."""

    root: Path
    """Others may enter it, as they may enter a machine's exchange."""
    said: dict[str, str] = field(default_factory=dict)
    """What the instructor's commands printed, by command."""

    @property
    def course(self) -> Path:
        """The instructor's course folder."""
        return self.root / "course"

    @property
    def exchange(self) -> Path:
        """The exchange."""
        return self.root / "exchange"

    @property
    def students(self) -> tuple[str, str]:
        """Two account names. For an ordinary user there is only one account."""
        if os.getuid() == 0:
            first, second, *_ = [name for name in ACCOUNTS if _exists(name)]
            return first, second
        return (pwd.getpwuid(os.getuid()).pw_name,) * 2

    def home(self, student: str) -> Path:
        """Where a student works."""
        return self.root / "home" / student

    def environment(self, home: Path) -> dict[str, str]:
        """What a person's shell has set."""
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_CONFIG_DIR": str(self.root / "configuration"),  # for everybody, as /etc/jupyter would be
            "COLUMNS": "200",
        }

    def instructor(self, *arguments: str, status: int = 0) -> str:
        """Run `nbgrader ...` in the course folder; return what it printed."""
        done = self._run([sys.executable, "-m", "nbgrader", *arguments], self.course, self.root)
        assert done.returncode == status, done.stdout
        self.said[arguments[0]] = done.stdout
        return done.stdout

    def student(self, name: str, *arguments: str) -> str:
        """Run `nbgrader ...` as a student, in the student's home; return what it printed."""
        home = self.home(name)
        home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "nbgrader", *arguments, "--course", COURSE_ID]
        if os.getuid() == 0:
            account = pwd.getpwnam(name)
            os.chown(home, account.pw_uid, account.pw_uid)
            kernel = default_kernel_python()
            visible = {PROJECT, sys.prefix, sys.base_prefix, kernel.parent.parent, kernel.resolve().parents[1]}
            way_in = [sys.executable, str(PROJECT / "tests" / "kernels" / "as_ordinary_user.py"), str(account.pw_uid)]
            command = [*way_in, *map(str, visible), "--", *command]
        done = self._run(command, home, home)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def answer(self, student: str, *, tasks: int) -> None:
        """Fill in a fetched assignment: the first code tasks of each notebook, and the written questions."""
        for path in sorted((self.home(student) / ASSIGNMENT).glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            solved = _solutions(path.name)
            for cell in notebook.cells:
                marks = cell.metadata.get("nbgrader", {})
                if not marks.get("solution"):
                    continue
                if cell.cell_type == "markdown":
                    cell.source = WRITTEN
                elif grade_id_of(cell) in list(solved)[:tasks]:
                    cell.source = solved[grade_id_of(cell)]
            nbformat.write(notebook, path)

    def _run(self, command: list[str], folder: Path, home: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=folder,
            env=self.environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    @contextlib.contextmanager
    def jupyter_server(self) -> Iterator["Formgrader"]:
        """Run Jupyter in the course folder, as an instructor does, until the context is left."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = [f"--IdentityProvider.token={TOKEN}", f"--port={port}", "--ServerApp.port_retries=0"]
        command = ["server", "--no-browser", *options, *(["--allow-root"] if os.getuid() == 0 else [])]
        log = self.root / "server.log"
        with (
            log.open("w") as said,
            subprocess.Popen(
                [sys.executable, "-m", "jupyter", *command],
                cwd=self.course,
                env=self.environment(self.root),
                stdout=said,
                stderr=said,
            ) as process,
        ):
            try:
                yield Formgrader(f"http://127.0.0.1:{port}", process, log)
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


class Formgrader:
    """A browser's side of a running Jupyter server: logs in, and asks as formgrader's JavaScript does.

    Args:
        address: Of the server.
        process: The server.
        log: What it prints.
    """

    def __init__(self, address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.log = log
        self._client = httpx.Client(base_url=address, timeout=300, follow_redirects=True)
        self._client.headers["Authorization"] = f"token {TOKEN}"
        deadline = time.monotonic() + 120
        while not self._answers():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        self._client.headers["X-XSRFToken"] = self._client.cookies["_xsrf"]

    def _answers(self) -> bool:
        try:
            return self._client.get("/formgrader/").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def page(self, path: str) -> str:
        """Return a page of formgrader."""
        return self._asked("GET", f"/formgrader/{path}").text

    def get(self, path: str, **parameters: str):
        """Read what the API says."""
        return self._asked("GET", f"/formgrader/api/{path}", params=parameters).json()

    def put(self, path: str, model: dict[str, object]):
        """Save a model, as its form does."""
        return self._asked("PUT", f"/formgrader/api/{path}", json=model).json()

    def press(self, path: str) -> str:
        """Press a button; return the log that formgrader shows."""
        answer = self._asked("POST", f"/formgrader/api/{path}").json()
        assert answer["success"], answer
        return answer["log"]

    def lab(self, method: str, path: str, **parameters: str):
        """Ask what one of nbgrader's other extensions answers JupyterLab."""
        return self._asked(method, path, params=parameters).json()

    def _asked(self, method: str, path: str, **options: object) -> httpx.Response:
        answer = self._client.request(method, path, **options)
        assert answer.status_code == httpx.codes.OK, f"{path}: {answer.status_code}\n{self.log.read_text()[-4000:]}"
        return answer


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def _solutions(notebook: str) -> dict[str | None, str]:
    """The answered code cells of an exercise, in order."""
    source = nbformat.read(PROJECT / "source" / ASSIGNMENT / notebook, as_version=4)
    cells = [cell for cell in source.cells if cell.cell_type == "code"]
    return {grade_id_of(cell): cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")}
