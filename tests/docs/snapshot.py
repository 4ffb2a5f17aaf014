#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface as gst-inspect-1.0 shows it, compared with the one checked in.

    snapshot.py [--update] BUILD-FOLDER    (tests/run.sh --update-inspect)

An interface that changes unseen breaks pipelines of others: who changes it on
purpose updates the snapshot in the same commit."""
import difflib
import os
import re
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inspect")
NAMES = ("chat", "chatsignalsrc", "chatpeer")


def inspect(name):
    text = subprocess.run(["gst-inspect-1.0", "--no-colors", name], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    text = re.sub(r"(?m)^(\s*Filename\s+).*/", r"\1.../", text)
    for what in ("Version", "Source release date", "Binary package", "Origin URL"):
        text = re.sub(r"(?m)^(\s*%s\s+).*$" % what, r"\1...", text)
    # Addresses, and columns that nobody sees at the ends of lines.
    text = re.sub(r"0x[0-9a-f]{8,}", "0x...", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def version():
    text = subprocess.run(["gst-inspect-1.0", "--version"], stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"GStreamer (\d+\.\d+)", text).group(1)


def main(args):
    update = "--update" in args
    if version() != "1.22":
        print("ok - gst-inspect snapshots # SKIP they were made with GStreamer 1.22")
        return 0
    bad = 0
    for name in NAMES:
        path = os.path.join(FOLDER, name + ".txt")
        now = inspect(name)
        if update:
            with open(path, "w") as file:
                file.write(now)
            print("wrote", os.path.relpath(path))
            continue
        then = ""
        if os.path.exists(path):
            with open(path) as file:
                then = file.read()
        same = then == now
        bad += not same
        print("%sok - gst-inspect-1.0 %s is as before%s" % ("" if same else "not ", name, ""
              if same else " # on purpose? tests/run.sh --update-inspect"))
        for line in difflib.unified_diff(then.splitlines(), now.splitlines(), "before", "now",
                                         lineterm="", n=1):
            print("#   " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
