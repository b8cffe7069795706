#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image. It makes the same two environments as on the course's machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap
find_python() {
    local found
    for found in python3.11 python3.12 python3.13; do
        "$found" -c 'import ensurepip, venv' 2>/dev/null && echo "$found" && return
    done
    return 1
}
find_python >/dev/null || apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv ||
    apt-get install -y -qq --no-install-recommends python3.12 python3.12-venv

# A zip that was packed again on another system may have lost its permissions.
chmod 755 project/scripts/*
chmod 600 course/.course_secret
PYTHON=$(find_python) project/scripts/setup
