"""Run a command as an ordinary user who can read the environments, wherever they lie. For root only.

    python as_ordinary_user.py UID FOLDER... -- COMMAND...

Environments may lie below a folder that only root may enter. In a mount namespace of its own, such a folder is replaced
by an empty one that holds just the FOLDERs named.
"""

import os
import sys
from pathlib import Path

from autograder.kernels.inner.bubble import MS_BIND, MS_PRIVATE, MS_REC, mount, needed
from autograder.kernels.inner.seal import CLONE_NEWNS, libc

STAGE = Path("/mnt")


def closed_ancestor(path):
    """Return the topmost folder above `path` that others may not enter, or None."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def main():
    """Open the way, give up root, execute."""
    split = sys.argv.index("--")
    uid, folders, command = int(sys.argv[1]), needed(sys.argv[2:split]), sys.argv[split + 1 :]
    hidden = {Path(folder): above for folder in folders if (above := closed_ancestor(Path(folder))) is not None}
    if libc.unshare(CLONE_NEWNS):
        sys.exit("no mount namespace")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("stage", str(STAGE), "tmpfs", 0, "mode=0755")
    for number, folder in enumerate(hidden):
        place = STAGE / str(number)
        place.mkdir()
        mount(str(folder), str(place), None, MS_BIND | MS_REC)
    for above in set(hidden.values()):
        mount("open", str(above), "tmpfs", 0, "mode=0755")
    for number, folder in enumerate(hidden):
        folder.mkdir(parents=True)
        mount(str(STAGE / str(number)), str(folder), None, MS_BIND | MS_REC)
    libc.umount2(str(STAGE).encode(), 2)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
