# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the documents and the element's comments tell people to type."""
import glob
import os
import re
import shlex

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Command:
    """One command line of a document."""

    def __init__(self, where, text):
        self.where = where
        self.text = text
        words = shlex.split(text, comments=True)
        self.background = words[-1:] == ["&"]
        self.words = words[:-1] if self.background else words

    @property
    def name(self):
        return "%s: %s" % (self.where, " ".join(self.words)[:90])

    def pipeline(self):
        """The description behind gst-launch-1.0 and its options."""
        words = self.words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
        return words


def code_lines(text):
    """(line number, line) of Markdown's code, indented or fenced."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield number, line.strip()


def commands(where, lines):
    """Joins lines that end in a backslash; only gst-launch-1.0."""
    start, text = None, ""
    for number, line in lines:
        if start is None:
            if not re.match(r"(\$ )?gst-launch-1\.0\s", line):
                continue
            start, text = number, ""
            line = line.removeprefix("$ ")
        text += line.removesuffix("\\") + " "
        if not line.endswith("\\"):
            yield Command("%s:%d" % (where, start), text.strip())
            start = None


def read(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def markdown():
    return ["README.md", "CONTRIBUTING.md"] + sorted(
        os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, "docs", "*.md")))


def markdown_commands():
    for path in markdown():
        yield from commands(path, code_lines(read(path)))


def comment_commands():
    """Launch lines in the SECTION comments: |[ … ]|."""
    for path in sorted(glob.glob(os.path.join(TOP, "gst/elements/*.c"))):
        where, text = os.path.relpath(path, TOP), read(os.path.relpath(path, TOP))
        for block in re.finditer(r"\|\[(.*?)\]\|", text, re.S):
            first = text[:block.start()].count("\n") + 1
            lines = [(first + n, line.strip().lstrip("*").strip())
                     for n, line in enumerate(block.group(1).splitlines())]
            yield from commands(where, lines)


def links():
    """(document, target) of every relative link."""
    for path in markdown():
        for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
            if not re.match(r"[a-z]+:|#", target):
                yield path, target.split("#")[0]


def paths():
    """(document, path) of files and folders of ours named in `code`."""
    for path in markdown():
        for name in re.findall(r"`([\w./*-]+)`", read(path)):
            if re.match(r"(gst|tests|docs|examples|core|async|net|media|elements|server)/", name):
                yield path, name


def path_exists(name):
    return bool(glob.glob(os.path.join(TOP, name)) or glob.glob(os.path.join(TOP, "gst", name))
                or glob.glob(os.path.join(TOP, "gst", name + ".*")))
