"""A template's life: many forks, deaths, what is left; runs as root and as an ordinary user."""

import gc
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.settings import Isolation
from autograder.kernels.warm import Template
from tests.kernels.conftest import SMALL, Inside, light_settings


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


def test_a_warm_up_runs_once_in_the_template_and_children_find_it_done():
    code = "import sys; found['warmed'] = sys.modules['kernel_inside_entry'].warmed"
    with Template.start(light_settings(warm_up=("kernel_inside_entry:warm_up",))) as template:
        inside = Inside(template)
        assert [inside(code)["warmed"] for _ in range(2)] == [[template.pid]] * 2


def test_what_a_template_prepares_once_its_children_have():
    code = "import sys; found['prepared'] = sys.modules['kernel_inside_entry'].prepared"
    with Template.start(light_settings()) as template:
        inside = Inside(template)
        assert inside(code)["prepared"] == []
        template.prepare("kernel_inside_entry:prepare", [["a"], [7], ["b"], ["a"]])
        template.prepare("kernel_inside_entry:prepare", [["b"], [7], ["c"]])
        assert inside(code)["prepared"] == ["a", 7, "b", "c"]


def test_preparing_in_a_template_that_is_gone_says_so():
    with Template.start(light_settings()) as template:
        os.kill(template.pid, signal.SIGKILL)
        with pytest.raises(TemplateFailed, match=r"is gone .* start another one"):
            template.prepare("kernel_inside_entry:prepare", [["a"]])


@pytest.mark.parametrize("change", [{"entry": "sealed.kernel"}, {"warm_up": ("sealed.warm_up",)}])
def test_a_function_is_named_with_its_module(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} must read 'module:function'"):
        light_settings(**change)


def test_many_forks_leak_nothing(light):
    """A leak shows once a fork: what the other tests of this process open or let go meanwhile is less than that."""
    forks = 40

    def count():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{light.pid}/fd"))

    def one():
        with light.fork({"code": ""}, [2], limits=SMALL) as child:
            assert child.wait(10)
        assert child.exit_code == 0

    from autograder.kernels.processes import tree

    one()
    ours, the_templates = count()
    for _ in range(forks):
        one()
    ours_now, the_templates_now = count()
    assert ours_now - ours < forks / 4
    assert the_templates_now == the_templates
    assert tree([light.pid]) == [light.pid]


def test_processes_nobody_waits_for_still_cost(light):
    code = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(2):
    if os.fork() == 0:
        while time.process_time() < 0.8:
            pass
        os._exit(0)
time.sleep(60)
"""
    with light.fork({"code": code}, [2], limits=SMALL) as child:
        deadline = time.monotonic() + 15
        started, most = False, 0.0
        while time.monotonic() < deadline:
            used = child.usage()
            started, most = started or used.processes >= 5, max(most, used.cpu_seconds)
            if started and used.processes <= 3:
                break
            child.wait(0.02)
        # of twice 0.8, what was seen while they lived; what they used since is lost where nothing counts for them all
        assert child.usage().cpu_seconds >= most > 0.4


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
