"""`python -m autograder.build [--check | --student-zip]`, for scripts; people use `autograder build`."""

import argparse
import sys
from pathlib import Path

from autograder.build import BuildError, build, check
from autograder.build.student_zip import write_student_zip


def main() -> None:
    """Build or check the project in the current folder; exit with 1 and sentences when something is wrong."""
    parser = argparse.ArgumentParser(prog="autograder.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; say what is out of date")
    parser.add_argument("--force", action="store_true", help="overwrite a notebook that is newer than its text")
    parser.add_argument("--student-zip", action="store_true", help="then pack what students get into one zip in dist/")
    options = parser.parse_args()
    try:
        if options.check:
            stale = check(Path.cwd())
            for path in stale:
                print(f"{path} is not what its text in source/ gives; run `make release`.")
            sys.exit(1 if stale else 0)
        for path in build(Path.cwd(), force=options.force):
            print(f"wrote {path}")
        if options.student_zip:
            path = write_student_zip(Path.cwd())
            name, size = path.relative_to(Path.cwd()), path.stat().st_size / 2**20
            print(f"{name} ({size:.1f} MiB) is what students get; README.md in it says how to start")
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
