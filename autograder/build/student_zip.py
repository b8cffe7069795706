"""One zip with everything a student needs: notebooks, a short README, requirements and the transferlab wheel.

The same release and wheel give the same bytes, so that two instructors can compare what they hand out.
"""

import zipfile
from pathlib import Path

from autograder.build.layout import BuildError

FOLDER = "transfer-learning"
"""What the zip unpacks to."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: the bytes must not depend on the day


def write_student_zip(root: Path) -> Path:
    """Pack what students get into `dist/transfer-learning-<version>.zip`.

    Args:
        root: The project, its release and wheel up to date.

    Returns:
        The zip.

    Raises:
        BuildError: There is no release, or not exactly one wheel.
    """
    files = student_files(root)
    wheel = next(name for name in files if name.endswith(".whl"))
    path = root / "dist" / f"{FOLDER}-{wheel.split('-')[1]}.zip"
    aside = path.with_suffix(".zip.new")
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
    aside.replace(path)
    return path


def student_files(root: Path) -> dict[str, bytes]:
    """Gather what students get, by its path in their folder.

    Args:
        root: The project, its release and wheel up to date.

    Returns:
        Content by path: what `release/` holds, `README.md`, `requirements.txt` and the wheel.

    Raises:
        BuildError: There is no release, or not exactly one wheel.
    """
    released = {
        path.relative_to(root / "release").as_posix(): path.read_bytes()
        for path in sorted((root / "release").rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    if not any(name.endswith(".ipynb") for name in released):
        raise BuildError("release/ holds no notebooks; run `make release` first.")
    wheels = sorted((root / "dist").glob("transferlab-*.whl"))
    if len(wheels) != 1:
        found = ", ".join(path.name for path in wheels) or "none"
        raise BuildError(f"dist/ should hold one transferlab wheel, it holds {found}; run `make setup`.")
    return {
        **released,
        wheels[0].name: wheels[0].read_bytes(),
        "README.md": (root / "docs" / "students.md").read_bytes(),
        # `./`: pip takes a path for a requirement only if it looks like one
        "requirements.txt": f"./{wheels[0].name}[notebook,imagenet]\n".encode(),
    }
