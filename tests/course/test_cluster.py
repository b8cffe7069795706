"""A class graded by a real Dask cluster: certificates of its own, two workers, one of which is killed."""

import datetime as dt
import ipaddress
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import sample_course
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from autograder.classes.classrun import ClassRun
from autograder.classes.cluster import Certificates, ClusterEngine, cluster_security
from autograder.cli import app
from autograder.course.course import Course
from autograder.course.errors import CourseError
from autograder.grading.grader import LazyEngine

HOMEWORK = sample_course.ASSIGNMENT
SECRET = "a course secret for the cluster's tests"


def make_certificates(folder):
    """A certificate authority and one certificate signed by it, as `docs/class-scale.md` says."""
    now = dt.datetime.now(dt.UTC)

    def certificate(name, issuer_name, key, signing_key, *, is_authority):
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return made.sign(signing_key, hashes.SHA256())

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("authority", "machine")]
    folder.mkdir()
    authority = certificate(names[0], names[0], keys[0], keys[0], is_authority=True)
    machine = certificate(names[1], names[0], keys[1], keys[0], is_authority=False)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "cert.pem").write_bytes(machine.public_bytes(serialization.Encoding.PEM))
    private = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder, root):
        self.folder, self.root = folder, root
        self.certificates = make_certificates(folder / "certificates")
        self.options = [
            f"--tls-{name}={path}" for name, path in vars(self.certificates).items()
        ]  # the scheduler's own command has the names --tls-ca-file, --tls-cert, --tls-key
        self.processes = []
        command = [self.options[0].replace("--tls-ca", "--tls-ca-file"), *self.options[1:]]
        self.start(
            "distributed.cli.dask_scheduler", "--no-dashboard", "--host", "tls://127.0.0.1", "--port", "0", *command
        )
        self.address = self.said(0, r"Scheduler at:\s+(tls://\S+)")

    def start(self, *command, folder=None):
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("w") as stream:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path[:1]])}
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder or self.folder,
                stdout=stream,
                stderr=stream,
                env=environment,
            )
        self.processes.append(process)
        return process

    def start_worker(self, name):
        """A worker in a course folder that has neither gradebook nor submissions."""
        folder = self.folder / name
        shutil.copytree(
            self.root,
            folder,
            ignore=shutil.ignore_patterns("submitted", "*.db", "release", ".autograder", "engine.log"),
        )
        options = ["--scheduler", self.address, "--jobs", "1", *self.options]
        return self.start("autograder.cli", "worker", *options, folder=folder), folder

    def said(self, number, pattern):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = (self.folder / f"{number}.log").read_text()
            if found := re.search(pattern, text):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(text)

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def engine(self, course):
        security = cluster_security(self.address, self.certificates, insecure=False)
        return LazyEngine(course, start=lambda *_: ClusterEngine(course, course.secret(), self.address, security))


@pytest.fixture
def cluster(root, tmp_path):
    (root / ".course_secret").write_text(SECRET)
    (root / ".course_secret").chmod(0o600)
    found = Cluster(tmp_path, root)
    yield found
    found.close()


def graded_by(folder):
    log = folder / "engine.log"
    return sum(line.startswith("graded") for line in log.read_text().splitlines()) if log.exists() else 0


def test_a_worker_killed_in_the_middle_loses_nothing(cluster, root):
    for number in range(16):
        sample_course.hand_in(root, f"s{number:02}", sample_course.submission(f"slow = {number}  # right"))
    sample_course.hand_in(root, "crash", sample_course.submission("crash = 1"))
    workers = [cluster.start_worker(name) for name in ("first", "second")]
    for _, folder in workers:
        deadline = time.monotonic() + 60
        while not (folder / "engine.log").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    course = Course.load(root)
    killed = []

    def on_progress(step):
        if step.done == 5:
            workers[0][0].send_signal(signal.SIGKILL)
            killed.append(graded_by(workers[0][1]))

    run = ClassRun(course, HOMEWORK, course.secret(), jobs=6, engine=cluster.engine(course))
    results = {result.row.student: result for result in run.run("*", on_progress)}

    assert killed[0] > 0, "the worker that was killed had work to do"
    assert results.pop("crash").problem == "doubling was not graded: the judge could not start"
    assert [result.row.points for result in results.values()] == [6] * 16
    assert not any(result.problem for result in results.values())
    assert graded_by(root) == 0, "nothing was graded on the sender's machine"
    assert graded_by(workers[1][1]) >= 9
    assert not (workers[1][1] / "gradebook.db").exists()
    assert not (workers[1][1] / ".autograder").exists()

    # A worker that joins now, and does not agree: the run is refused before it begins.
    (root / ".course_secret").write_text(SECRET + "!")
    sample_course.hand_in(root, "late", sample_course.submission("right = 'late'"))
    course = Course.load(root)
    with pytest.raises(CourseError, match="does not grade with the same course secret; give it the same course folder"):
        ClassRun(course, HOMEWORK, course.secret(), jobs=2, engine=cluster.engine(course)).run()


def test_a_stranger_is_not_let_in(cluster, root, tmp_path):
    course = Course.load(root)
    strangers = make_certificates(tmp_path / "strangers")
    security = cluster_security(cluster.address, strangers, insecure=False)
    engine = ClusterEngine(course, course.secret(), cluster.address, security)
    with pytest.raises(CourseError, match=r"cannot be reached .*do the certificates come from the same authority"):
        engine.__enter__()


def test_processes_of_this_machine(root):
    for number in range(4):
        sample_course.hand_in(root, f"s{number}", sample_course.submission(f"right = {number}"))
    course = Course.load(root)
    secret = course.secret()
    engine = LazyEngine(course, start=lambda *_: ClusterEngine.on_this_machine(course, secret, jobs=2, each=1))
    results = ClassRun(course, HOMEWORK, secret, jobs=2, engine=engine).run()
    assert [result.row.points for result in results] == [6] * 4
    assert graded_by(root) == 4
    deadline = time.monotonic() + 10
    while psutil.Process().children(recursive=True) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not [line for line in left if "spawn_main" in line]


@pytest.mark.parametrize(
    ("address", "options", "sentence"),
    [
        (
            "tcp://127.0.0.1:1",
            [],
            "tcp://127.0.0.1:1 is not protected: whoever reaches it can run code as you; use tls",
        ),
        ("tls://127.0.0.1:1", [], "needs certificates; name them with --tls-ca, --tls-cert and --tls-key"),
        ("tls://127.0.0.1:1", ["--tls-ca", "nowhere.pem"], "There is no file nowhere.pem; name the PEM files"),
        ("somewhere", [], "--scheduler is an address like tls://host:8786 (got 'somewhere')."),
    ],
)
def test_an_unsafe_or_unknown_way_is_refused(bare_root, address, options, sentence):
    for command in (["grade", HOMEWORK], ["worker"]):
        ran = CliRunner().invoke(app, [*command, "--course", str(bare_root), "--scheduler", address, *options])
        assert ran.exit_code == 2
        assert sentence in " ".join(ran.output.split())


def test_plain_tcp_on_request(bare_root):
    assert cluster_security("tcp://127.0.0.1:1", Certificates(), insecure=True) is None
