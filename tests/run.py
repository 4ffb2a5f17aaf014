#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds, runs the suites and counts; tests/run.sh is its front door."""
import collections
import concurrent.futures
import ctypes
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.abspath(os.environ.get("OUT", os.path.join(TOP, "out")))
BUILD = os.path.join(OUT, "build")

# kind: meson   tests that meson knows, by their suite's name
#       script  tests/<name>/run.mjs, run.sh or run.py, given the build folder;
#               prints `ok - NAME`, `not ok - NAME # why`, `ok - NAME # SKIP why`
# deadline in seconds
# lane: timed    waits for things that happen in real time: one after the other
#       patient  only computes: beside the timed ones, with what they leave over
#       alone    measures: nothing beside it
# npm: wants tests/node_modules; ci: runs where no suite is named.
Suite = collections.namedtuple("Suite", "name kind deadline lane npm ci what")
SOAK_SECONDS = int(os.environ.get("SOAK_SECONDS", "3600"))
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "35"))
HOUR_SECONDS = int(os.environ.get("HOUR_SECONDS", "3600"))
SUITES = [Suite(*line) for line in (
    ("unit", "meson", 600, "timed", False, True, "every layer by itself, in C"),
    ("lifecycle", "meson", 900, "timed", False, True, "starting and stopping 200 times, and what is left"),
    ("valgrind", "valgrind", 900, "patient", False, True, "core under valgrind"),
    ("model", "meson", 600, "patient", False, True, "calls and roster explored move by move"),
    ("fuzz", "script", 600 + 10 * FUZZ_SECONDS, "patient", False, True, "parsers and calls fed with mutations; FUZZ_SECONDS=N each"),
    ("server", "script", 600, "timed", True, True, "gst-chat-server and unmodified clients"),
    ("docs", "script", 900, "timed", False, True, "documents and gst-inspect kept true"),
    ("demo", "script", 300, "timed", True, True, "examples/demo.sh, driven by a browser"),
    ("interop", "script", 1500, "timed", True, True, "real servers, pipelines, turn"),
    ("browser", "script", 1200, "timed", True, True, "real browsers"),
    # Not in CI before it has been green once as a whole.
    ("sanitizer", "sanitizer", 1500, "timed", False, False, "unit under ASan and UBSan"),
    ("newer", "script", 7200, "timed", True, False, "the built programs on GStreamer 1.26 and the newest"),
    ("bench", "script", 1800, "alone", True, False, "times and costs, docs/benchmarks.md"),
    ("calls", "calls", 4 * 3600, "alone", False, False,
     "a thousand calls, eight at once, ten thousand hostile remotes; CALLS=N, HOSTILE=N, CALLS_UNDER=sanitizer or valgrind"),
    ("faults", "script", 5400, "alone", True, False, "killed, stopped, cut off, slowed down: docs/faults.md"),
    ("hour", "script", HOUR_SECONDS + 600, "alone", True, False, "an hour of a 720p call with Chromium; HOUR_SECONDS=N for less"),
    ("soak", "script", SOAK_SECONDS + 600, "alone", True, False, "an hour of coming and going; SOAK_SECONDS=N for less"),
)]
LANES = ("timed", "patient")
SCRIPTS = ("run.mjs", "run.sh", "run.py")
INTERPRETERS = {"mjs": "node", "sh": "sh", "py": "/usr/bin/python3"}
RESULT = re.compile(r"^(not )?ok\b(?: \d+)?(?: -)?\s*(.*)$")

print_lock = threading.Lock()


def say(line):
    with print_lock:
        print(line, flush=True)


class Count:
    """The results of one suite."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0

    def line(self, ok, name, why=""):
        """One result of a test."""
        if ok and re.match(r"(?i)skip", why):
            self.skipped += 1
        elif ok:
            self.passed += 1
        else:
            self.failed += 1
        say("%s - %s: %s%s" % ("ok" if ok else "not ok", self.name, name, why and " # " + why))

    def parse(self, text, prefix=""):
        """A line of output; whether it was a result."""
        match = RESULT.match(text)
        if not match:
            return False
        name, _, why = match.group(2).partition(" # ")
        # Check writes the source's path as it was for the compiler.
        name = re.sub(r"^[./]*/([\w./-]+\.c:)", r"\1", name.strip())
        self.line(not match.group(1), prefix + name, why.strip())
        return True

    def total(self):
        return self.passed + self.failed + self.skipped


def script_of(suite):
    for script in SCRIPTS:
        path = os.path.join(TOP, "tests", suite.name, script)
        if os.path.exists(path):
            return path
    return None


def environment(build, **more):
    """That of tests/meson.build, for scripts."""
    env = dict(os.environ, **more)
    env.update(G_DEBUG="fatal-criticals", GSETTINGS_BACKEND="memory", NO_AT_BRIDGE="1",
               GST_PLUGIN_PATH_1_0=os.path.join(build, "gst", "elements"),
               GST_REGISTRY_1_0=os.path.join(build, "registry.bin"))
    return env


# --- processes ---

def descendants():
    """Every process below this one, by /proc."""
    children = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as file:
                    text = file.read()
            except OSError:
                continue
            state, parent = text.rpartition(")")[2].split()[:2]
            name = text[text.index("(") + 1:text.rindex(")")]
            children[int(parent)].append((int(entry), name, state))
    found, todo = [], [os.getpid()]
    while todo:
        for process in children[todo.pop()]:
            todo.append(process[0])
            if process[2] != "Z":
                found.append(process)
    return found


def end_leftovers(grace):
    """Ends what a suite left running; names what was still there after grace."""
    deadline = time.monotonic() + grace
    while descendants() and time.monotonic() < deadline:
        time.sleep(0.1)
    left = sorted({name for _, name, _ in descendants()})
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, _, _ in descendants():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 5
        while descendants() and time.monotonic() < deadline:
            time.sleep(0.1)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return left


def keep_orphans():
    """What a child leaves behind becomes ours, and is ended when we are."""
    PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    def stop(*_):
        end_leftovers(0)
        os._exit(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def run(command, log, deadline, env, on_line=None):
    """Runs to the end or the deadline; the exit status, or None at the deadline."""
    with open(log, "ab", buffering=0) as file:
        file.write(("$ %s\n" % " ".join(command)).encode())
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env, cwd=TOP,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)

        def read():
            for line in process.stdout:
                file.write(line)
                if on_line:
                    on_line(line.decode(errors="replace").rstrip())
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            status = process.wait(deadline)
        except subprocess.TimeoutExpired:
            status = None
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(5)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
        reader.join(5)
        return status


# --- one suite, in a process of its own ---

def build_in(folder, log, *options):
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        if run(["meson", "setup", folder, TOP, *options], log, 300, os.environ) != 0:
            return False
    return run(["ninja", "-C", folder, "-j", "2"], log, 1800, os.environ) == 0


def meson_names(build, suite, folder=None):
    """The tests of a suite, of one folder below tests/ where it is given."""
    text = subprocess.check_output(["meson", "introspect", "--tests", build])
    return [test["name"] for test in json.loads(text)
            if any(s.split(":")[-1] == suite for s in test["suite"])
            and (folder is None or "/tests/%s/" % folder in test["cmd"][0])]


def read_meson_log(path, count):
    """Counts what each program said of its cases, and programs that say nothing."""
    with open(path) as file:
        tests = [json.loads(line) for line in file]
    for test in tests:
        name, before = test["name"].split(" / ")[-1], count.failed
        cases = [count.parse(line, name + " ") for line in test.get("stdout", "").splitlines()]
        good = test["result"] in ("OK", "SKIP")
        if not good and count.failed == before:
            count.line(False, name, "%s, exit status %s" % (test["result"].lower(), test["returncode"]))
        elif good and not any(cases):
            count.line(True, name, "SKIP" if test["result"] == "SKIP" else "")


def run_meson(suite, build, count, log, names, env, *options, processes=2):
    if not names:
        return
    base = "log-" + suite.name
    pattern = os.path.join(build, "meson-logs", base + "*.json")
    for old in glob.glob(pattern):
        os.remove(old)
    status = run(["meson", "test", "-C", build, "--no-rebuild", "--num-processes", str(processes),
                  "--logbase", base, "--print-errorlogs", *options, *names], log, suite.deadline, env)
    try:
        # A wrapper's name is appended by meson.
        read_meson_log(glob.glob(pattern)[0], count)
    except (OSError, ValueError, IndexError):
        count.line(False, "meson test", "wrote no log")
    if status is None:
        count.line(False, "deadline", "not done within %d s" % suite.deadline)
    elif status != 0 and count.failed == 0:
        count.line(False, "meson test", "exit status %d" % status)


SLOWNESS = "4"                  # of a program with a sanitizer


def build_sanitizer(count, log):
    """The folder and the environment, or nothing."""
    build = os.path.join(OUT, "build-asan")
    if not build_in(build, log, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dexamples=disabled"):
        count.line(False, "the sanitizer build")
        return None, None
    env = dict(os.environ, CK_TAP_LOG_FILE_NAME="-", CK_TIMEOUT_MULTIPLIER=SLOWNESS, GST_REGISTRY_FORK="no",
               CALLS_SLOWNESS=SLOWNESS, UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
               LSAN_OPTIONS="suppressions=" + os.path.join(TOP, "tests/support/lsan.supp")
               + ":print_suppressions=0")
    # One process reads all plugins into the registry; what they leak is theirs.
    run([os.path.join(build, "tests/support/media-probe"), "fakesrc num-buffers=1 ! fakesink"],
        log, 120, environment(build, GST_REGISTRY_FORK="no", ASAN_OPTIONS="detect_leaks=0"))
    return build, env


def run_sanitizer(suite, count, log):
    build, env = build_sanitizer(count, log)
    if build is None:
        return
    # The fuzz suite has a sanitizer of its own.
    fuzz = meson_names(build, "unit", "fuzz")
    names = [name for name in meson_names(build, "unit") if name not in fuzz]
    # Whole stacks are slow, and only GStreamer's neighbours need suppressions. A
    # call keeps two cores busy then.
    pure = [name for folder in ("core", "async") for name in meson_names(build, "unit", folder)]
    run_meson(suite, build, count, log, pure, env, "--timeout-multiplier", SLOWNESS)
    run_meson(suite, build, count, log, [name for name in names if name not in pure],
              dict(env, ASAN_OPTIONS="fast_unwind_on_malloc=0"), "--timeout-multiplier", SLOWNESS, processes=1)
    run_meson(suite, build, count, log, meson_names(build, "lifecycle"),
              dict(env, ASAN_OPTIONS="fast_unwind_on_malloc=0", LIFECYCLE_CYCLES="30"),
              "--timeout-multiplier", SLOWNESS)


VALGRIND = ("valgrind --quiet --error-exitcode=99 --leak-check=full "
            "--show-leak-kinds=definite --errors-for-leak-kinds=definite")


def run_valgrind(suite, count, log):
    env = dict(os.environ, G_SLICE="always-malloc", G_DEBUG="gc-friendly,fatal-criticals")
    run_meson(suite, BUILD, count, log, meson_names(BUILD, "unit", "core"), env,
              "--timeout-multiplier", "20", "--wrapper", VALGRIND)


CALLS = {
    "": {"CALLS": "1000", "CALLS_LANES": "4", "HOSTILE": "10000"},
    "sanitizer": {"CALLS": "1000", "CALLS_LANES": "4", "HOSTILE": "1000"},
    "valgrind": {"CALLS": "100", "CALLS_LANES": "1", "CALLS_SLOWNESS": "5", "CALLS_FPS": "5",
                 "CALLS_PROPERTIES": "audio-codecs=pcmu"},
}


def run_calls(suite, count, log):
    """With fewer of everything where the program is slow."""
    under = os.environ.get("CALLS_UNDER", "")
    base = {**CALLS[under], **os.environ}
    if under == "sanitizer":
        build, env = build_sanitizer(count, log)
        if build is not None:
            run_meson(suite, build, count, log, meson_names(build, suite.name),
                      dict(env, ASAN_OPTIONS="fast_unwind_on_malloc=0", **base), processes=1)
    elif under == "valgrind":
        # valgrind runs one thread at a time: eight calls at once do not connect in
        # time, and what remotes do wrong is given up too late.
        # What libproxy throws, libunwind catches with reads that valgrind does not like.
        run_meson(suite, BUILD, count, log, ["calls"],
                  dict(base, GIO_USE_PROXY_RESOLVER="dummy"), "--wrapper", VALGRIND + " --fair-sched=try --suppressions="
                  + os.path.join(TOP, "tests/support/valgrind.supp"), processes=1)
    else:
        run_meson(suite, BUILD, count, log, meson_names(BUILD, suite.name), base, processes=1)


def run_script(suite, count, log):
    script = script_of(suite)
    if script is None:
        count.line(False, "the suite", "there is no tests/%s/run.*" % suite.name)
        return
    command = [INTERPRETERS[script.rsplit(".", 1)[1]], script, BUILD]
    with open(script) as file:
        first = file.readline()
    if "bash" in first:
        command[0] = "bash"
    env = environment(BUILD, TEST_OUT=os.path.join(OUT, suite.name))
    status = run(command, log, suite.deadline, env, count.parse)
    if status is None:
        count.line(False, "deadline", "not done within %d s" % suite.deadline)
    elif status != 0 and count.failed == 0:
        count.line(False, "exit", "status %d after its last test" % status)


def one_suite(suite):
    """In a process of its own: the result goes into a file, the lines to stdout."""
    keep_orphans()
    if suite.lane == "patient":
        os.nice(19)
    count = Count(suite.name)
    folder = os.path.join(OUT, suite.name)
    os.makedirs(folder, exist_ok=True)
    log = os.path.join(folder, "log.txt")
    if os.path.exists(log):
        os.remove(log)
    start = time.monotonic()
    if suite.kind == "meson":
        run_meson(suite, BUILD, count, log, meson_names(BUILD, suite.name),
                  dict(os.environ, CK_TAP_LOG_FILE_NAME="-"))
    elif suite.kind == "sanitizer":
        run_sanitizer(suite, count, log)
    elif suite.kind == "calls":
        run_calls(suite, count, log)
    elif suite.kind == "valgrind":
        run_valgrind(suite, count, log)
    else:
        run_script(suite, count, log)
    left = end_leftovers(grace=5)
    if left:
        count.line(False, "nothing is left running", "found: " + ", ".join(left))
    if count.total() == 0:
        count.line(False, "has tests", "not one was run")
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump({"passed": count.passed, "failed": count.failed, "skipped": count.skipped,
                   "seconds": time.monotonic() - start}, file)


# --- all of them ---

def run_in_process(suite):
    result = os.path.join(OUT, suite.name, "result.json")
    if os.path.exists(result):
        os.remove(result)
    subprocess.run([sys.executable, __file__, "--one", suite.name], stdin=subprocess.DEVNULL)
    try:
        with open(result) as file:
            found = json.load(file)
    except (OSError, ValueError):
        say("not ok - %s: the suite # its runner died" % suite.name)
        found = {"passed": 0, "failed": 1, "skipped": 0, "seconds": 0}
    say("# %s: %d passed, %d failed, %d skipped in %d s"
        % (suite.name, found["passed"], found["failed"], found["skipped"], found["seconds"]))
    return found


def run_all(suites):
    results = {}

    def run_lane(lane):
        for suite in suites:
            if suite.lane == lane:
                results[suite.name] = run_in_process(suite)
    with concurrent.futures.ThreadPoolExecutor(len(LANES)) as pool:
        list(pool.map(run_lane, LANES))
    run_lane("alone")
    return results


def show_log(suite):
    log = os.path.join(OUT, suite.name, "log.txt")
    say("# ---- the end of %s" % os.path.relpath(log, TOP))
    try:
        with open(log, errors="replace") as file:
            for line in collections.deque(file, 60):
                say("# " + line.rstrip()[:300])
    except OSError:
        say("# no log")


def chosen(names):
    known = {suite.name: suite for suite in SUITES}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit("no such suite: %s; there are: %s" % (" ".join(unknown), " ".join(known)))
    if names:
        return [suite for suite in SUITES if suite.name in names]
    return [suite for suite in SUITES if suite.ci]


def packages(suites):
    wanted = {suite.name for suite in suites}
    with open(os.path.join(TOP, "tests", "packages.txt")) as file:
        for line in file:
            words = line.split("#")[0].split()
            if words and (len(words) == 1 or wanted & set(words[1].split(","))):
                yield words[0]


def main(args):
    if args[:1] == ["--one"]:
        one_suite(chosen(args[1:])[0])
        return 0
    if args[:1] == ["--packages"]:
        print(*packages(chosen(args[1:])))
        return 0
    if args[:1] == ["--wants-npm"]:
        return 0 if any(suite.npm for suite in chosen(args[1:])) else 1
    if "--list" in args:
        for suite in SUITES:
            print("%-10s %s%s" % (suite.name, suite.what, "" if suite.ci else " (not in CI)"))
        return 0
    if "--help" in args:
        with open(os.path.join(TOP, "tests", "run.sh")) as file:
            print(*(line[1:].strip() for line in file.readlines()[2:12]), sep="\n")
        return 0

    update = "--update-inspect" in args
    names = [arg for arg in args if arg != "--update-inspect"]
    suites = chosen(names)
    if not names:
        # The longest tables: one half of their combinations.
        os.environ.setdefault("CHAT_TESTS", "half")
    os.makedirs(OUT, exist_ok=True)
    log = os.path.join(OUT, "build.txt")
    if os.path.exists(log):
        os.remove(log)
    start = time.monotonic()
    if not build_in(BUILD, log, "-Dwerror=true"):
        with open(log, errors="replace") as file:
            say("".join(collections.deque(file, 60)))
        say("not ok - the build")
        say("0 passed, 1 failed")
        return 1
    if update:
        return subprocess.run(["/usr/bin/python3", os.path.join(TOP, "tests/docs/snapshot.py"),
                               "--update", BUILD], env=environment(BUILD)).returncode
    say("# built in %d s" % (time.monotonic() - start))

    results = run_all(suites)
    for suite in suites:
        if results[suite.name]["failed"]:
            show_log(suite)
    total = {key: sum(found[key] for found in results.values())
             for key in ("passed", "failed", "skipped")}
    say("# %d suites in %d s" % (len(suites), time.monotonic() - start))
    say("%d passed, %d failed%s" % (total["passed"], total["failed"],
                                    ", %d skipped" % total["skipped"] if total["skipped"] else ""))
    return 1 if total["failed"] else 0


sys.exit(main(sys.argv[1:]))
