#!/usr/bin/env bash
# nbgrader 0.9.6 (with python-dateutil 2.9.0.post0) reads its own time stamps wrong where the zone has no letters.
#
# Expected: with c.Exchange.timezone = "Asia/Singapore", `nbgrader submit` writes "... 19:00:00.000000 +08" into
#   timestamp.txt, and nbgrader reads that as 11:00 UTC when it looks whether work is late. "06:00:00 PM" is six in the
#   evening.
# Behaviour: +08 is taken for a zone that is eight *seconds* ahead, so the hand-in counts as made at 18:59:52 UTC, eight
#   hours late; "PM" is taken for the name of a zone and dropped, so six in the evening becomes six in the morning.
#   Both silently.
# Met in: autograder/course/times.py reads time stamps itself; SaveVerdicts puts nbgrader's reading right.
set -euo pipefail
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet nbgrader==0.9.6 python-dateutil==2.9.0.post0
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nbgrader.utils import parse_utc

moment = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
written = moment.astimezone(ZoneInfo("Asia/Singapore")).strftime("%Y-%m-%d %H:%M:%S.%f %Z")  # as the exchange does
read, evening = parse_utc(written), parse_utc("2026-11-21 06:00:00 PM")
print(f"written {written!r}: expected 2026-11-21 11:00:00, read {read}")
print(f"written '2026-11-21 06:00:00 PM': expected 2026-11-21 18:00:00, read {evening}")
same = (read, evening) == (datetime(2026, 11, 21, 18, 59, 52), datetime(2026, 11, 21, 6, 0))
print("as before" if same else "CHANGED")
sys.exit(0 if same else 1)
PYTHON
