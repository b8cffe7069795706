"""What a sealed child sees and cannot do. The same file runs as root and as an ordinary user (test_ordinary_user.py)."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.proof import proof
from autograder.kernels.settings import Isolation
from autograder.kernels.warm import Template
from tests.kernels.conftest import SMALL, Inside, light_settings

CALL = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(result):
    return "allowed" if result == 0 else errno.errorcode[ctypes.get_errno()]
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "allowed"
"""


def test_the_proof_holds_and_names_its_claims():
    claims = proof()
    assert [claim for claim in claims if not claim.held] == []
    assert {"all capability sets are empty", "a further user namespace is refused"} <= {claim.claim for claim in claims}


def test_every_child_proves_itself_before_it_begins(light):
    with light.fork({"code": ""}, [2], limits=SMALL) as child:
        assert len(child.report["claims"]) >= 6
        assert all(held for _, held, _ in child.report["claims"])


def test_root_runs_no_child_as_root(light):
    with light.fork({"code": "import time; time.sleep(30)"}, [2], limits=SMALL) as child:
        owner = os.stat(f"/proc/{child.pid}").st_uid
    assert owner != 0
    assert owner == os.getuid() or os.getuid() == 0


def test_two_children_of_root_have_different_uids(light):
    if os.getuid() != 0:
        pytest.skip("an ordinary user has one uid")
    code = {"code": "import time; time.sleep(30)"}
    with light.fork(code, [2], limits=SMALL) as one, light.fork(code, [2], limits=SMALL) as two:
        assert os.stat(f"/proc/{one.pid}").st_uid != os.stat(f"/proc/{two.pid}").st_uid


def test_mounts_namespaces_and_tracing_are_refused(inside):
    found = inside(
        CALL
        + """
found["remount"] = call(libc.mount(None, b"/usr", None, 32 | 4096, None))
found["bind"] = call(libc.mount(b"/tmp", b"/submission", None, 4096, None))
found["umount"] = call(libc.umount2(b"/tmp", 2))
found["unshare"] = call(libc.unshare(0x10000000))
found["unshare_mounts"] = call(libc.unshare(0x20000))
found["setns"] = call(libc.setns(os.open("/proc/1/ns/mnt", os.O_RDONLY) if os.access("/proc/1/ns/mnt", 4) else 0, 0))
found["pivot_root"] = call(libc.syscall(155 if os.uname().machine == "x86_64" else 41, b"/tmp", b"/tmp"))
found["chroot"] = call(libc.chroot(b"/tmp"))
found["ptrace"] = call(libc.ptrace(16, 1, 0, 0))
found["clone"] = call(-1 if libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0) == -1 else 0)
found["device"] = attempt(os.mknod, "/tmp/sda", 0o60600, os.makedev(8, 0))
found["memory"] = attempt(os.open, "/dev/mem", os.O_RDWR)
found["kernel_memory"] = attempt(os.memfd_create, "x")
found["setuid"] = attempt(os.setuid, 0)
"""
    )
    assert set(found.values()) <= {"EPERM", "EINVAL", "ENOENT", "EACCES"}, found
    assert found["unshare"] == found["ptrace"] == found["umount"] == found["clone"] == found["device"] == "EPERM"


def test_clone3_is_unknown_so_that_threads_still_work(inside):
    found = inside(
        CALL
        + """
import subprocess, threading
found["clone3"] = call(libc.syscall(435, ctypes.create_string_buffer(88), 88))
thread = threading.Thread(target=found.update, args=({"thread": True},)); thread.start(); thread.join()
found["program"] = subprocess.run(["/bin/echo", "hello"], capture_output=True, text=True).stdout
"""
    )
    assert found == {"clone3": "ENOSYS", "thread": True, "program": "hello\n"}


def test_other_processes_are_out_of_reach(inside):
    found = inside(
        CALL
        + """
found["processes"] = len([name for name in os.listdir("/proc") if name.isdigit()])
found["kill_first"] = attempt(os.kill, 1, 9)
found["first_memory"] = attempt(os.open, "/proc/1/mem", os.O_RDWR)
found["seccomp"] = [line.split()[1] for pid in (1, 2) for line in open(f"/proc/{pid}/status") if line.startswith("Seccomp:")]
found["capabilities"] = [line.split()[1] for pid in (1, 2) for line in open(f"/proc/{pid}/status") if line.startswith("CapEff:")]
found["arguments"] = open("/proc/1/cmdline").read()
found["alive"] = os.path.exists("/proc/1")
"""
    )
    assert found["processes"] <= 3
    assert found["seccomp"] == ["2", "2"], "whoever takes over the sandbox's own processes must not gain a system call"
    assert all(int(value, 16) == 0 for value in found["capabilities"])
    assert "ro-bind" not in found["arguments"]
    assert found["alive"]


def test_killing_everything_reaches_only_the_own_sandbox(light, inside):
    with light.fork({"code": "import time; time.sleep(30)"}, [2], limits=SMALL) as neighbour:
        with light.fork({"code": "import os, signal; os.kill(-1, signal.SIGKILL)"}, [2], limits=SMALL) as attacker:
            assert attacker.wait(5)
        assert neighbour.alive
    assert inside("found['next'] = 1") == {"next": 1}


def test_the_file_system_is_an_allow_list(inside, project_root):
    found = inside(
        CALL
        + f"""
import subprocess
found["autograder"] = subprocess.run(["find", "/", "-xdev", "-name", "*autograder*"], capture_output=True, text=True).stdout
found["project"] = [name for name in ("autograder", "source", "tests", ".git") if os.path.exists(os.path.join({str(project_root)!r}, name))]
found["write"] = [place for place in ("/", "/usr", "/etc", "/dev", "/bin", os.path.dirname(os.__file__)) if attempt(os.mkdir, place + "/x") == "allowed"]
found["home"] = [name for name in os.listdir("/home/student")]
found["sockets"] = [path for path in ("/run", "/var", "/sys", "/tmp/.X11-unix", "/run/dbus", "/etc/shadow") if os.path.exists(path)]
"""
    )
    assert found == {"autograder": "", "project": [], "write": [], "home": [], "sockets": []}


def test_there_is_no_network(inside):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = inside(
            CALL
            + f"""
import socket
found["loopback"] = attempt(socket.create_connection, ("127.0.0.1", {port}), 1)
found["outside"] = attempt(socket.create_connection, ("192.0.2.1", 80), 1)
for name in ("AF_VSOCK", "AF_PACKET", "AF_ALG", "AF_TIPC"):
    found[name] = attempt(socket.socket, getattr(socket, name), socket.SOCK_STREAM)
found["unix"] = attempt(socket.socket(socket.AF_UNIX).connect, "\\0sandbox-uid-61000")
"""
        )
    assert found.pop("loopback") in {"ECONNREFUSED", "ENETUNREACH"}
    assert found.pop("outside") == "ENETUNREACH"
    assert found.pop("unix") == "ECONNREFUSED"
    assert set(found.values()) == {"EAFNOSUPPORT"}


def test_no_descriptor_is_inherited(inside, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("course secret")
    with secret.open() as held:
        os.set_inheritable(held.fileno(), True)
        found = inside(
            "import os\nfound['open'] = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{n}')]"
        )
    assert not any("secret" in name for name in found["open"])
    assert len([name for name in found["open"] if not name.startswith(("pipe:", "/dev/null", "/proc"))]) == 0


def test_passed_descriptors_arrive_in_order(inside, tmp_path):
    (tmp_path / "a").write_text("first")
    (tmp_path / "b").write_text("second")
    with (tmp_path / "a").open() as first, (tmp_path / "b").open() as second:
        found = inside(
            "import os\nfound['texts'] = [os.read(d, 10).decode() for d in descriptors[1:]]",
            extra=[first.fileno(), second.fileno()],
        )
    assert found["texts"] == ["first", "second"]


def test_the_environment_is_replaced(inside, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "very secret")
    found = inside("import os\nfound.update(os.environ)")
    assert "COURSE_SECRET" not in found
    assert found["HOME"] == "/home/student"
    assert found["NBGRADER_EXECUTION"] == "autograde"
    assert found["PYTHONHASHSEED"] == "0"


def test_files_lie_in_the_work_folder(inside):
    files = {"data/one.csv": b"1,2", "helper.py": b"x = 1"}
    found = inside(
        "import os\nfound['cwd'] = os.getcwd()\nfound['csv'] = open('data/one.csv').read()\nfound['names'] = sorted(os.listdir())",
        files=files,
    )
    assert found == {"cwd": "/submission", "csv": "1,2", "names": ["data", "helper.py"]}


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_file_names_cannot_leave_the_work_folder(light, name):
    with pytest.raises(ValueError, match="relative path"):
        light.fork({"code": ""}, [2], {name: b""}, limits=SMALL)


def test_an_earlier_students_files_are_not_in_the_templates_memory(inside):
    marker = "".join(["mark", "er-", "of-another-student"])
    inside("pass", files={"solution.txt": marker.encode()})
    found = inside(
        """
import re
needle = "".join(["er-", "of-another-student"]).encode()
hits = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        start, end, permissions = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\\S+)", line).groups()
        if permissions.startswith("rw") and "[v" not in line:
            memory.seek(int(start, 16))
            try:
                hits += memory.read(int(end, 16) - int(start, 16)).count(b"mark" + needle)
            except OSError:
                continue
found["hits"] = hits
"""
    )
    # The searcher's own b"mark" + needle is in its memory, and copies of it; the word of the other student would be one more place.
    baseline = inside("found['hits'] = 0")
    assert baseline == {"hits": 0}
    assert found["hits"] <= 2


def test_a_fork_bomb_ends_at_the_limit(inside):
    found = inside(
        """
import os, signal, time
children = []
try:
    while len(children) < 1000:
        pid = os.fork()
        if pid == 0:
            time.sleep(30); os._exit(0)
        children.append(pid)
except OSError as error:
    found["error"] = type(error).__name__
found["children"] = len(children)
for pid in children:
    os.kill(pid, signal.SIGKILL)
""",
        limits=Limits(processes=40, memory_mib=512),
    )
    assert found["error"] == "BlockingIOError"
    assert found["children"] < 40


@pytest.mark.parametrize("place", ["/submission", "/tmp", "/dev/shm", "/home/student"])
def test_disks_fill_at_their_size(inside, place):
    found = inside(
        f"""
written = 0
try:
    for number in range(10):
        with open(f"{place}/big{{number}}", "wb") as stream:
            for _ in range(8):
                written += stream.write(bytes(1 << 20))
except OSError as error:
    found["error"] = error.strerror
found["mib"] = written >> 20
"""
    )
    assert found["error"] == "No space left on device"
    assert found["mib"] <= SMALL.file_mib


def test_one_file_has_a_limit(inside):
    found = inside(
        """
try:
    with open("/submission/big", "wb") as stream:
        stream.truncate(1 << 30)
except OSError as error:
    found["error"] = error.strerror
"""
    )
    assert found == {"error": "File too large"}


def test_memory_beyond_the_limit_is_refused(inside):
    found = inside(
        """
import mmap
kept = []
try:
    for _ in range(100):
        kept.append(mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
except OSError:
    found["mib"] = 64 * len(kept)
"""
    )
    assert found["mib"] <= SMALL.memory_mib + 600


def test_nothing_outlives_a_closed_child(light):
    code = """
import os, subprocess, sys, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
subprocess.Popen(["sleep", "60"], start_new_session=True)
time.sleep(60)
"""
    from autograder.kernels.processes import tree, wait_gone

    with light.fork({"code": code}, [2], limits=SMALL) as child:
        deadline = 100
        while child.usage().processes < 7 and deadline:
            deadline -= 1
            child.wait(0.02)
        everything = [pid for pid in tree([light.pid]) if pid != light.pid]
        assert len(everything) >= 7
    assert wait_gone(everything, 5.0) == []


def test_many_forks_leak_nothing(light):
    def count():
        return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{light.pid}/fd"))

    def one():
        with light.fork({"code": ""}, [2], limits=SMALL) as child:
            assert child.wait(10)
        assert child.exit_code == 0

    from autograder.kernels.processes import tree

    one()
    before = count()
    for _ in range(40):
        one()
    assert count() == before
    assert tree([light.pid]) == [light.pid]


def test_a_killed_child_reports_its_signal(light):
    with light.fork({"code": "import os; os.kill(os.getpid(), 11)"}, [2], limits=SMALL) as child:
        assert child.wait(5)
    assert child.exit_code == -11


def test_a_dead_template_says_so_and_takes_its_children_along():
    template = Template.start(light_settings())
    child = template.fork({"code": "import time; time.sleep(60)"}, [2], limits=SMALL)
    os.kill(template.pid, 9)
    assert child.wait(5), "the child must not outlive its template"
    with pytest.raises(TemplateFailed, match="start another"):
        template.fork({"code": ""}, [2], limits=SMALL)
    child.close()
    template.close()
    assert not template.alive


def test_the_keras_cache_can_be_read_and_not_written(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    (cache / "models").mkdir()
    (cache / "models" / "weights.h5").write_text("weights")
    (cache / "keras.json").write_text("{}")
    with Template.start(light_settings(keras_cache=cache)) as template:
        found = Inside(template)(
            CALL
            + """
found["weights"] = open(os.environ["KERAS_HOME"] + "/models/weights.h5").read()
found["write"] = attempt(os.mkdir, os.environ["KERAS_HOME"] + "/models/x")
found["beside"] = attempt(os.mkdir, os.environ["KERAS_HOME"] + "/datasets")
found["names"] = sorted(os.listdir(os.environ["KERAS_HOME"]))
"""
        )
    assert found == {"weights": "weights", "write": "EROFS", "beside": "allowed", "names": ["datasets", "models"]}


def test_several_threads_may_fork_from_one_template(light):
    def one(number):
        return Inside(light)(f"found['number'] = {number}")["number"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(12))) == list(range(12))


def test_a_wrong_import_is_named():
    with pytest.raises(TemplateFailed, match="no_such_module"):
        Template.start(light_settings(preload=("no_such_module",)))


def test_without_bubblewrap_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="apt install bubblewrap"):
        Template.start(light_settings())


def test_isolation_off_runs_plainly_and_cleans_up():
    with Template.start(light_settings(isolation=Isolation.OFF)) as template:
        with template.fork(
            {"code": "import os, time\nopen('x', 'w').close()\ntime.sleep(60)"}, [2], limits=SMALL
        ) as child:
            folder = os.readlink(f"/proc/{child.pid}/cwd")
            assert child.report["claims"] == []
        assert not os.path.exists(folder)
        assert child.exit_code == -9
