"""JupyterLab as a person sees it: a real server, Debian's Chromium, clicks and keys."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.circle.world import TOKEN, World

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_RUN = re.compile(r"\[\d+\]")
PATIENCE_MS = 120_000
"""For whatever the page waits for: a kernel that loads TensorFlow on a busy machine."""


@contextlib.contextmanager
def serving(world: World, folder: Path) -> Iterator[str]:
    """Run `jupyter lab` in a folder until the context is left; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = world.root / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True, exist_ok=True)
    # all cells in the page, so that each can be looked at without scrolling there
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    environment = world.environment(world.root) | {"JUPYTERLAB_SETTINGS_DIR": str(world.root / "settings")}
    options = [f"--IdentityProvider.token={TOKEN}", f"--port={port}", "--ServerApp.port_retries=0", "--no-browser"]
    options += ["--allow-root"] if os.getuid() == 0 else []
    log = world.root / f"lab-{folder.name}.log"
    command = [sys.executable, "-m", "jupyter", "lab", *options]
    with log.open("w") as said, subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said) as run:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/lab?token={TOKEN}", run, log)
            yield address
        finally:
            run.terminate()
            try:
                run.wait(30)
            except subprocess.TimeoutExpired:
                run.kill()


def _wait_for(url: str, run: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while True:
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, follow_redirects=True, timeout=60).status_code == httpx.codes.OK:
                return
        time.sleep(0.2)


class Notebook:
    """A notebook open in JupyterLab.

    Args:
        page: The browser's page.
        address: Of the server.
        path: Of the notebook, below the server's folder.
    """

    def __init__(self, page: Page, address: str, path: str) -> None:
        self.page = page
        page.goto(f"{address}/lab/tree/{path}?token={TOKEN}&reset")
        self.panel = page.locator(".jp-NotebookPanel:visible")
        expect(self.panel.locator(".jp-CodeCell").first).to_be_visible(timeout=PATIENCE_MS)
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        # the notebook's own sign says idle even before there is a kernel
        expect(self.page.locator(".jp-StatusBar-Widget")).to_contain_text("(ipykernel) | Idle", timeout=PATIENCE_MS)

    def menu(self, name: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.locator(".lm-MenuBar-item", has_text=name).first.click()
        self.page.locator(".lm-Menu-item", has_text=entry).first.click()

    def cell(self, text: str) -> Locator:
        """The code cell whose source holds a text."""
        return self.panel.locator(".jp-CodeCell").filter(has=self.page.locator(".cm-content", has_text=text)).first

    def write(self, text: str, source: str) -> None:
        """Replace the source of the cell that holds a text, as by pasting."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def write_text(self, text: str, answer: str) -> None:
        """Replace the text of the markdown cell that holds a text, by a double click as a person does."""
        cell = self.panel.locator(".jp-MarkdownCell").filter(has_text=text).last
        cell.locator(".jp-RenderedMarkdown").dblclick()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(answer)
        self.page.keyboard.press("Shift+Enter")
        expect(self.panel.locator(".jp-RenderedMarkdown").filter(has_text=answer)).to_be_visible()

    def run(self, text: str) -> Locator:
        """Run one cell with the keyboard; return where its outputs are."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(_RUN, timeout=PATIENCE_MS)
        return cell.locator(".jp-OutputArea")

    def save(self) -> None:
        """Save it."""
        self.page.keyboard.press("Control+s")
