# SPDX-License-Identifier: Apache-2.0
"""The files of the tree, for the checks beside this one.

A check looks at the files that git knows or would add, so that a new file is checked before its
first commit and nothing below build/ is. Arguments of a check narrow that down to these files.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
C_SUFFIXES = (".c", ".h", ".cc", ".cpp", ".def")

SHOWN_MAX = 100


def every_file():
    """All files of the tree, relative to its root."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({f for f in listed if os.path.isfile(os.path.join(ROOT, f))})


def chosen_files():
    """The files named on the command line, or all."""
    everything = every_file()
    if len(sys.argv) < 2:
        return everything
    named = {os.path.relpath(os.path.abspath(a), ROOT) for a in sys.argv[1:]}
    return [f for f in everything if f in named]


def read(path):
    """The text of a file of the tree. Bytes that are no UTF-8 are replaced."""
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def finish(tool, complaints):
    """Prints the complaints and ends the check: status 1 if there was any."""
    for complaint in complaints[:SHOWN_MAX]:
        print(complaint)
    if len(complaints) > SHOWN_MAX:
        print("...")
    if complaints:
        print(f"{tool}: {len(complaints)} complaint(s)", file=sys.stderr)
    sys.exit(1 if complaints else 0)
