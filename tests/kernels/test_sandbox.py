"""What a sealed child sees and cannot do; runs as root and as an ordinary user (test_ordinary_user.py)."""

import os
import socket

import pytest

from autograder.kernels.proof import proof
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
found["clone"] = call(min(0, libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000011, 0, 0, 0, 0)))
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
lines = [line.split() for pid in (1, 2) for line in open(f"/proc/{pid}/status")]
found["seccomp"] = [line[1] for line in lines if line[0] == "Seccomp:"]
found["capabilities"] = [line[1] for line in lines if line[0] == "CapEff:"]
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
import subprocess, sys
search = ["find", "/", "-path", "/proc", "-prune", "-o", "-name", "*autograder*", "-print"]
names = subprocess.run(search, capture_output=True, text=True).stdout.splitlines()
found["autograder"] = [name for name in names if not (sys.prefix + "/").startswith(name + "/")]
names = ("autograder", "source", "tests", ".git", "gradebook.db")
found["project"] = [name for name in names if os.path.exists(os.path.join({str(project_root)!r}, name))]
places = ("/", "/usr", "/etc", "/dev", "/bin", "/proc", sys.prefix, os.path.dirname(os.__file__))
found["write"] = [place for place in places if attempt(os.mkdir, place + "/x") == "allowed"]
found["home"] = [name for name in os.listdir("/home/student")]
names = ("/run", "/var", "/sys", "/tmp/.X11-unix", "/run/dbus", "/etc/shadow")
found["sockets"] = [path for path in names if os.path.exists(path)]
""",
        wall_seconds=120,  # a disk that nobody has read yet
    )
    assert found == {"autograder": [], "project": [], "write": [], "home": [], "sockets": []}


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
            """
import os
places = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
found["open"] = [os.readlink(place) for place in places if os.path.lexists(place)]
"""
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
        """
import os
found.update(cwd=os.getcwd(), csv=open("data/one.csv").read(), names=sorted(os.listdir()))
""",
        files=files,
    )
    assert found == {"cwd": "/submission", "csv": "1,2", "names": ["data", "helper.py"]}


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_file_names_cannot_leave_the_work_folder(light, name):
    with pytest.raises(ValueError, match="relative path"):
        light.fork({"code": ""}, [2], {name: b""}, limits=SMALL)


def test_an_earlier_students_files_are_not_in_the_templates_memory(inside):
    inside("pass", files={"solution.txt": b"marker-of-another-student" * 1000})
    found = inside(
        """
import re
needle = b"marker-of-" + b"another-student"
found["hits"] = found["searched"] = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        start, end, permissions = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\\S+)", line).groups()
        if permissions.startswith("rw") and "[v" not in line:
            memory.seek(int(start, 16))
            data = memory.read(int(end, 16) - int(start, 16))
            found["searched"] += len(data)
            found["hits"] += data.count(needle)
"""
    )
    assert found["searched"] > 1 << 20
    assert found["hits"] < 100, "a few are the needle itself"


def test_the_keras_cache_can_be_read_and_not_written(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    cache.chmod(0o755)
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
