#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that were built here, on the GStreamer of newer Debians.

    tests/newer/run.py BUILDDIR [--only=TEXT] [--list]
    tests/newer/run.py BUILDDIR --shell=RELEASE     to look around

Each release is a folder of its packages below $TEST_OUT, made once by
debootstrap and used again; who deletes it gets the newest packages. Nothing is
compiled there: it sees this source folder, and the same binaries as here run.
--only runs what has TEXT in its name, as "sid: media-traps"; --list has the
names."""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.abspath(os.environ.get("TEST_OUT", os.path.join(TOP, "out", "newer")))

# 1.26, and whatever is the newest.
RELEASES = ("trixie", "sid")

# What running needs, of the README, and the tests' own tools.
PACKAGES = """
ca-certificates gstreamer1.0-tools gstreamer1.0-plugins-base
gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
gstreamer1.0-libav gstreamer1.0-nice gstreamer1.0-x libsoup-3.0-0
libjson-glib-1.0-0 glib-networking iproute2 nodejs coturn ffmpeg python3
""".split()

# What is about this machine: what meson installs, and the libsoup 2 of Debian 12,
# which newer ones need not have.
HERE = ("install", "soup2", "soup2call", "soupmodule")

# Cases of tests/interop that need no browser.
CALLS = ("two pipelines", "gst-launch-1.0", "signalling:", "hostile:", "recording (",
         "relay:", "trouble:")
CALLS_DEADLINE = 1500

RESULT = re.compile(r"^((?:not )?ok)\b(?: \d+)?(?: -)?\s*(.*)$")


def say(line):
    print(line, flush=True)


# --- the folders ---

def mirror():
    """Where this machine gets Debian's own packages from."""
    lines = subprocess.check_output(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages",
         "Origin: Debian"], text=True).splitlines()
    for line in lines:
        site, _, release = line.partition(" ")
        if not release.endswith(("-security", "-updates", "-backports")):
            return site
    sys.exit("apt knows no mirror of Debian: apt-get update")


def apt_options():
    """How this machine's apt gets through to its mirrors."""
    lines = subprocess.check_output(["apt-config", "dump", "Acquire"], text=True).splitlines()
    wanted = re.compile(r"^Acquire::(https?::|Check-|Retries|ForceIPv)")
    return "".join(line + "\n" for line in lines if wanted.match(line))


# Everything in a namespace of its own: nothing stays mounted, nothing runs on.
ENTER = """
set -e
# A mount point itself, which ip-netns wants.
mount --bind "$1" "$1"
root=$1; top=$2; modules=$3; shift 3
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
for folder in "$top" "$modules"; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
  mount -o remount,bind,ro "$root$folder"
done
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" "$@"
"""


def inside(root, command):
    modules = os.path.realpath(os.path.join(TOP, "tests", "node_modules"))
    return ["unshare", "-mpf", "--kill-child", "sh", "-c", ENTER, "sh", root, TOP, modules, *command]


def make(release):
    """The folder of @release with all packages in it; None: it cannot be made."""
    root = os.path.join(OUT, release)
    stamp = os.path.join(OUT, release + ".packages")
    wanted = "\n".join(PACKAGES)
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == wanted:
                return root
    say("# making %s" % release)
    log = os.path.join(OUT, release + ".txt")
    with open(log, "w") as output:
        def run(*command):
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT).returncode == 0
        if (not os.path.exists(os.path.join(root, "usr/bin/apt-get"))
                or os.path.exists(os.path.join(root, "debootstrap"))):
            # Not begun, or not done.
            shutil.rmtree(root, ignore_errors=True)
            if not run("debootstrap", "--variant=minbase", "--include=ca-certificates",
                       release, root, mirror()):
                return None
        with open(os.path.join(root, "etc/apt/apt.conf.d/01host"), "w") as file:
            file.write(apt_options())
        # Who has certificates of their own in between has them here as well.
        bundle = "etc/ssl/certs/ca-certificates.crt"
        if os.path.exists("/" + bundle):
            run("cp", "-L", "/" + bundle, os.path.join(root, bundle))
        env = ["env", "DEBIAN_FRONTEND=noninteractive"]
        if not (run(*inside(root, [*env, "apt-get", "update"]))
                and run(*inside(root, [*env, "apt-get", "install", "-y", "--no-install-recommends",
                                       *PACKAGES]))):
            return None
        run(*inside(root, ["apt-get", "clean"]))
    with open(stamp, "w") as file:
        file.write(wanted)
    return root


# --- what runs in them ---

def environment(more):
    """Nothing of this machine's, and a registry in a place that can be written."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "TEMP": "/tmp", "LC_ALL": "C.UTF-8",
           "NO_AT_BRIDGE": "1", "GST_PLUGIN_PATH_1_0": os.path.join(sys.argv[1], "gst", "elements"),
           "G_DEBUG": "fatal-criticals", "GSETTINGS_BACKEND": "memory"}
    for name in ("GST_DEBUG", "GST_CHECKS", "CHAT_TESTS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(more)
    env["GST_REGISTRY_1_0"] = "/var/cache/gst-registry.bin"
    return ["%s=%s" % pair for pair in sorted(env.items())]


def version(root):
    text = subprocess.check_output(inside(root, ["gst-inspect-1.0", "--version"]), text=True)
    return re.search(r"GStreamer (\S+)", text).group(1)


class Count(dict):
    """What became of a release's cases."""

    def case(self, line, prefix):
        """A line of output; whether it was a result."""
        match = RESULT.match(line)
        if not match:
            return False
        # Check writes the source's path as it was for the compiler.
        name = re.sub(r"^[./]*/([\w./-]+\.c:)", r"\1", match.group(2))
        self.tell(match.group(1) == "ok", prefix + name)
        return True

    def tell(self, good, name):
        what = "failed" if not good else "skipped" if re.search(r" # (?i:skip)", name) else "passed"
        self[what] = self.get(what, 0) + 1
        say("%s - %s" % ("ok" if good else "not ok", name))

    def __str__(self):
        return ", ".join("%d %s" % (self.get(what, 0), what) for what in ("passed", "failed", "skipped"))


def run(root, release, test, count):
    """One program, each case under its name."""
    log = os.path.join(OUT, re.sub(r"[^\w.]+", "-", release + " " + test.name).strip("-") + ".txt")
    before = Count(count)
    with open(log, "w") as file:
        process = subprocess.Popen(
            inside(root, ["env", "-i", "-C", sys.argv[1], *environment(test.env), *test.command]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        late = []
        timer = threading.Timer(test.deadline, lambda: (late.append(True), process.kill()))
        timer.start()
        for line in process.stdout:
            file.write(line)
            if not count.case(line.rstrip(), "%s: %s" % (release, test.prefix)) and line.startswith("#   "):
                say(line.rstrip())
        status = process.wait()
        timer.cancel()
    name = "%s: %s" % (release, test.name)
    if status != 0 and count.get("failed") == before.get("failed"):
        count.tell(False, "%s # %s, see %s" % (
            name, "not done within %d s" % test.deadline if late else "exit status %d" % status,
            os.path.relpath(log, TOP)))
    elif count == before:
        count.tell(True, name)


Test = collections.namedtuple("Test", "name prefix command env deadline")


def tests(build):
    """The programs as meson runs them, with more time, and the calls."""
    text = subprocess.check_output(["meson", "introspect", "--tests", build])
    for test in json.loads(text):
        if any(suite.endswith(":unit") for suite in test["suite"]) and test["name"] not in HERE:
            env = dict(test["env"], CK_TAP_LOG_FILE_NAME="-", CK_TIMEOUT_MULTIPLIER="2")
            yield Test(test["name"], test["name"] + " ", test["cmd"], env, 2 * test["timeout"])
    for case in CALLS:
        command = ["node", os.path.join(TOP, "tests/interop/run.mjs"), build, "--jobs=1", "--only=" + case]
        yield Test("interop " + case, "", command, {}, CALLS_DEADLINE)
    yield Test("consent", "", ["node", os.path.join(TOP, "tests/newer/consent.mjs"), build], {}, 300)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = sys.argv[1] = os.path.abspath(sys.argv[1])
    options = dict(arg.lstrip("-").partition("=")[::2] for arg in sys.argv[2:])
    todo = [(release, test) for release in RELEASES for test in tests(build)
            if options.get("only", "") in "%s: %s" % (release, test.name)]
    if "list" in options:
        print(*("%s: %s" % (release, test.name) for release, test in todo), sep="\n")
        return
    if os.getuid() != 0:
        say("ok - newer # SKIP only root can enter another Debian")
        return
    if not shutil.which("debootstrap"):
        say("ok - newer # SKIP no debootstrap")
        return
    os.makedirs(OUT, exist_ok=True)
    if "shell" in options:
        root = make(options["shell"])
        os.execvp("unshare", inside(root, ["env", "-C", build, *environment({}), "bash"]))
    for release in RELEASES:
        mine = [test for name, test in todo if name == release]
        root = make(release) if mine else None
        if root:
            count, what = Count(), version(root)
            say("# %s has GStreamer %s" % (release, what))
            for test in mine:
                run(root, release, test, count)
            say("# %s, GStreamer %s: %s" % (release, what, count))
        elif mine:
            say("not ok - %s # cannot be made, see %s.txt"
                % (release, os.path.relpath(os.path.join(OUT, release), TOP)))


main()
