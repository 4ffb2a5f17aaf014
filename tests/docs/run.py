#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The docs suite: what documents say is so, and what they tell to type works.

    run.py BUILD-FOLDER [TEXT-IN-THE-NAME]"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import documents

BUILD = os.path.abspath(sys.argv[1])
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
TOP = documents.TOP
ENV = dict(os.environ, GST_PLUGIN_PATH_1_0=os.path.join(BUILD, "gst", "elements"),
           GST_REGISTRY_1_0=os.path.join(BUILD, "registry.bin"), G_DEBUG="fatal-criticals")
os.environ.update(ENV)
failed = False


def case(name, body, *args):
    """Runs a test: it fails by an exception whose text is the reason."""
    global failed
    if ONLY not in name:
        return
    try:
        body(*args)
        print("ok - " + name, flush=True)
    except Exception as error:
        failed = True
        print("not ok - %s # %s" % (name, str(error).split("\n")[0]), flush=True)
        for line in str(error).split("\n")[1:40]:
            print("#   " + line, flush=True)


def check(condition, why):
    if not condition:
        raise AssertionError(why)


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, "%d s were not enough for %s" % (seconds, what))
        time.sleep(0.05)


class Child:
    """A process whose lines are kept."""

    def __init__(self, args, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        self.args = args
        self.lines = []
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=ENV, **options)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGTERM)

    def wait_for(self, pattern, seconds=60):
        """The first match of a regular expression in a line."""
        deadline = time.monotonic() + seconds
        while True:
            for line in list(self.lines):
                match = re.search(pattern, line)
                if match:
                    return match
            over = self.process.poll() is not None and not self.reader.is_alive()
            if over or time.monotonic() > deadline:
                raise AssertionError("%s: %s for /%s/\n%s" % (
                    os.path.basename(self.args[0]), "ended, and we waited" if over else
                    "%d s were not enough" % seconds, pattern, "\n".join(self.lines[-25:])))
            time.sleep(0.05)

    def end(self, number, seconds=40):
        """The exit status; None where it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return None
        self.reader.join(5)
        return self.process.returncode


def server():
    child = Child([os.path.join(BUILD, "gst/server/gst-chat-server"), "--port=0"])
    port = child.wait_for(r"://[^ ]*:(\d+)").group(1)
    return child, "chat://127.0.0.1:" + port


def probe(text):
    return Child([os.path.join(BUILD, "tests/support/media-probe"), text], stdin=subprocess.PIPE)


# --- documents ---

def test_parse(command):
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    pipeline = Gst.parse_launchv(command.pipeline())
    check(pipeline is not None, "no pipeline")


# What a machine without camera, sound card and screen has instead. Live, and
# bounded by the test that stops it.
STAND_INS = {
    "v4l2src": "videotestsrc is-live=true", "autovideosrc": "videotestsrc is-live=true",
    "pulsesrc": "audiotestsrc is-live=true", "autoaudiosrc": "audiotestsrc is-live=true",
    "autovideosink": "fakesink sync=true", "autoaudiosink": "fakesink sync=true",
}


def runnable(command, uri):
    words = []
    for word in command.words:
        words += STAND_INS.get(word, word).split() if word in STAND_INS else [word]
    words = [re.sub(r"^uri=chats?://\S+", "uri=" + uri, word) for word in words]
    at = 1
    while words[at].startswith("-"):
        at += 1
    if not any(word.startswith("uri=") for word in words):
        for i, word in enumerate(words):
            if word in ("chatpeer", "chatsignalsrc"):
                words.insert(i + 1, "uri=" + uri)
                break
    return words[:1] + ["-m"] + words[1:]


def make_film(folder):
    subprocess.run(["gst-launch-1.0", "-q", "matroskamux", "name=m", "!", "filesink", "location=film.mkv",
                    "videotestsrc", "num-buffers=300", "pattern=ball", "!", "video/x-raw,width=320,height=240", "!", "vp8enc",
                    "deadline=1", "!", "m.", "audiotestsrc", "num-buffers=430", "!", "opusenc", "!", "m."],
                   cwd=folder, env=ENV, check=True)


def make_signals(folder, uri):
    """A recording of what a server says at first."""
    subprocess.run(["gst-launch-1.0", "-q", "chatsignalsrc", "uri=" + uri, "num-buffers=3", "!", "gdppay", "!", "filesink",
                    "location=signals.gdp"], cwd=folder, env=ENV, check=True, timeout=60)


def test_run(command):
    """It reaches the server and ends by itself after Ctrl-C."""
    with tempfile.TemporaryDirectory() as folder:
        if any("film" in word for word in command.words):
            make_film(folder)
        if "filesrc" in command.words and "location=signals.gdp" in command.words:
            chat, uri = server()
            with chat:
                make_signals(folder, uri)
        chat, uri = server()
        with chat, Child(runnable(command, uri), cwd=folder) as child:
            child.wait_for(r"chat-signalling.*state=\S*connected|signalling-connected|End of stream|EOS"
                           if "gdpdepay" not in command.words else "Setting pipeline to PLAYING")
            errors = [line for line in child.lines if line.startswith("ERROR")]
            check(not errors, "\n".join(errors))
            status = child.end(signal.SIGINT)
            check(status is not None, "still running 40 s after Ctrl-C\n" + "\n".join(child.lines[-20:]))
            errors = [line for line in child.lines if line.startswith("ERROR")]
            check(not errors, "\n".join(errors))


def test_link(document, target):
    path = os.path.join(TOP, os.path.dirname(document), target)
    check(os.path.exists(path), "there is no such file")


# Those of the base classes.
INHERITED = {"name", "parent", "async-handling", "message-forward", "blocksize", "num-buffers",
             "do-timestamp", "typefind"}


def test_interface(element):
    """The element's page has every property, signal and action, and no others."""
    with open(os.path.join(TOP, "tests/docs/inspect", element + ".txt")) as file:
        text = file.read()
    properties, signals = text.split("Element Properties:")[1], ""
    if "Element Signals:" in properties:
        properties, signals = properties.split("Element Signals:")
    has = set(re.findall(r"(?m)^  ([a-z][\w-]*)\s*: ", properties)) - INHERITED
    has_signals = set(re.findall(r'(?m)^  "([\w-]+)"', signals)) - {"pad-added", "pad-removed", "no-more-pads"}
    page = documents.read("docs/%s.md" % element)
    section = page.split("## Properties")[1].split("## Signals")[0]
    told = {name for row in re.findall(r"(?m)^\| (`[^|]*) \|", section) for name in re.findall(r"`([\w-]+)`", row)}
    check(has == told, "not told: %s; not there: %s" % (sorted(has - told), sorted(told - has)))
    section = page.split("## Signals")[1].split("\n## ")[0]
    told = set(re.findall(r"(?m)^\| (?:signal|action) `([\w-]+)", section))
    check(has_signals == told, "not told: %s; not there: %s" % (sorted(has_signals - told), sorted(told - has_signals)))


def server_options():
    help = subprocess.run([os.path.join(BUILD, "gst/server/gst-chat-server"), "--help"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    entries = help.split("Application Options:")[1].split("Example:")[0]
    return set(re.findall(r"(?m)^  (?:-\w, |    )?--([a-z][\w-]*)", entries))


def test_server_options():
    has = server_options()
    told = set(re.findall(r"`--([a-z][\w-]*)`", documents.read("docs/gst-chat-server.md")))
    check(has == told, "not told: %s; not there: %s" % (sorted(has - told), sorted(told - has)))


def test_man_page():
    page = os.path.join(TOP, "gst/server/data/gst-chat-server.1")
    with open(page) as file:
        told = set(re.findall(r"(?m)^\.BI? \"?(?:.*, )?--([\w-]+)", file.read().replace("\\-", "-").split(".SH OPTIONS")[1]))
    has = server_options()
    check(has == told, "not told: %s; not there: %s" % (sorted(has - told), sorted(told - has)))
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True)
    check(shown.returncode == 0 and not shown.stderr, shown.stderr)


def test_example_config():
    """What systemd starts it with: each name is one that it takes, commented or not."""
    options = server_options()
    with open(os.path.join(TOP, "gst/server/data/gst-chat-server.conf")) as file:
        names = re.findall(r"(?m)^#?([a-z-]+)=", file.read())
    check(len(names) >= 10, "only %d names" % len(names))
    check(set(names) <= options, "no options: %s" % sorted(set(names) - options))


def test_unit():
    unit = os.path.join(BUILD, "gst/server/data/gst-chat-server.service")
    with open(unit) as file:
        text = file.read()
    command = re.search(r"(?m)^ExecStart=(\S+) (.*)$", text)
    check(set(re.findall(r"--([\w-]+)", command.group(2))) <= server_options(), command.group(0))
    with tempfile.TemporaryDirectory() as folder:
        # It may not be installed where the unit will find it.
        copy = os.path.join(folder, "gst-chat-server.service")
        with open(copy, "w") as file:
            file.write(text.replace(command.group(1), os.path.join(BUILD, "gst/server/gst-chat-server"))
                       .replace("Documentation=", "#"))
        verified = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        ours = [line for line in verified.stdout.splitlines() if "gst-chat-server" in line]
        check(verified.returncode == 0 and not ours, verified.stdout)
        exposed = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", copy],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check(exposed.returncode == 0, exposed.stdout[-300:])


# --- the README's pipelines, for real ---

LOOKED_AT = dict(STAND_INS, v4l2src="videotestsrc is-live=true pattern=ball foreground-color=0xffff0000",
                 autoaudiosrc="audiotestsrc is-live=true freq=440",
                 autovideosink="video/x-raw,format=I420 ! fakesink name=vcheck",
                 autoaudiosink="fakesink name=acheck")
SENDS = (" videotestsrc is-live=true pattern=ball foreground-color=0xff0000ff ! video/x-raw,width=320,height=240 !"
         " peer. audiotestsrc is-live=true freq=880 ! peer.")
RECEIVES = (" peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck"
            " peer. ! queue ! audioconvert ! fakesink name=acheck")
SEES = r'"video":.*"colour":"%s","moving":true'
HEARS = r'"audio":.*"hz":%s\d\.\d*,"tone":true'


def pipeline(document, word, uri):
    """The description of that document's first pipeline with that word."""
    for command in documents.markdown_commands():
        if command.where.startswith(document) and word in command.words:
            words = " ".join(LOOKED_AT.get(word, word) for word in command.pipeline())
            return words.replace("chatpeer ", "chatpeer uri=%s " % uri, 1)
    raise AssertionError("%s has no pipeline with %s" % (document, word))


def readme(name, uri):
    return pipeline("README", "display-name=" + name, uri)


def person(uri, options, sends=SENDS):
    return probe("chatpeer name=peer uri=%s %s%s%s" % (uri, options, sends, RECEIVES))


def test_camera():
    chat, uri = server()
    with chat, probe(readme("Camera", uri)) as camera, person(uri, "call=Camera") as friend:
        friend.wait_for(SEES % "red")
        friend.wait_for(HEARS % "44")
        camera.wait_for(SEES % "blue")
        camera.wait_for(HEARS % "88")


def test_record(document, name):
    """What it wrote plays to its end, with picture and sound of the caller."""
    chat, uri = server()
    with tempfile.TemporaryDirectory() as folder, chat:
        path = os.path.join(folder, name)
        words = pipeline(document, "location=" + name, uri).replace(name, path)
        with Child(["gst-launch-1.0", "-m", "-e"] + words.split(), cwd=folder) as recorder:
            with person(uri, "call=Recorder") as friend:
                friend.wait_for(r'"state":"connected"')
                until(lambda: os.path.exists(path) and os.path.getsize(path) > 60000, "60 kB of " + name, 90)
                check(recorder.end(signal.SIGINT) == 0, "it ends by itself\n" + "\n".join(recorder.lines[-39:]))
        done = subprocess.run([os.path.join(BUILD, "tests/support/media-probe"), "--check", path],
                              env=ENV, stdout=subprocess.PIPE, text=True)
        check(done.returncode == 0, done.stdout)
        check(re.search(r'"video":.*"seen":{"blue":\d\d.*"final":true', done.stdout), done.stdout)
        check(re.search(r'"audio":.*"tones":{.*"880":\d.*"final":true', done.stdout), done.stdout)


def test_file():
    chat, uri = server()
    with tempfile.TemporaryDirectory() as folder, chat:
        make_film(folder)
        words = readme("Cinema", uri).replace("film.mkv", os.path.join(folder, "film.mkv"))
        with person(uri, "display-name=Anna", "") as anna, probe(words):
            anna.wait_for(SEES % "white")
            anna.wait_for(HEARS % "44")


def test_intercom():
    chat, uri = server()
    with chat, probe(readme("Door", uri)) as door, person(uri, "call=Door") as friend:
        friend.wait_for(HEARS % "44")
        door.wait_for(HEARS % "88")


def test_two():
    chat, uri = server()
    with chat, probe(readme("Upstairs", uri)) as up, probe(readme("Downstairs", uri)) as down:
        up.wait_for(SEES % "white")
        down.wait_for(r'"video":.*"frames":[3-9]\d,')


# --- examples ---

def test_embed():
    """The C program answers by name, is seen and heard, hangs up on SIGUSR1."""
    chat, uri = server()
    with chat, Child([os.path.join(BUILD, "examples/embed"), uri, "Friend"]) as embed:
        embed.wait_for(r"chat-signalling.*connected")
        with probe("chatpeer name=peer call=Embedded display-name=Stranger uri=" + uri) as stranger:
            embed.wait_for(r"Stranger .* declined")
            stranger.wait_for(r'"chat-call":.*"reason":"declined"')
        with probe("chatpeer name=peer call=Embedded display-name=Friend uri=" + uri +
                   " videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! peer."
                   " audiotestsrc is-live=true ! peer."
                   " peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck"
                   " peer. ! queue ! audioconvert ! fakesink name=acheck") as friend:
            embed.wait_for(r"Friend .* accepted")
            friend.wait_for(r'"video":.*"colour":"green","moving":true')
            friend.wait_for(r'"audio":.*"hz":6[56]\d\.\d*,"tone":true')
            embed.wait_for("first picture")
            embed.process.send_signal(signal.SIGUSR1)
            friend.wait_for(r'"chat-call":.*"reason":"hung-up"')
            last = embed.wait_for(r"state=\(string\)ending.*, ([1-9]\d*) pictures so far")
            check(int(last.group(1)) > 0, "it saw pictures")
        check(embed.end(signal.SIGINT) == 0, "exit status 0")


def test_no_microphone():
    """A sink for sound that gets none does not hold up the picture."""
    chat, uri = server()
    with chat, Child([os.path.join(BUILD, "examples/embed"), uri]) as embed:
        embed.wait_for(r"chat-signalling.*connected")
        with probe("chatpeer name=peer call=Embedded display-name=Friend uri=" + uri +
                   " videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! peer.") as friend:
            friend.wait_for(r'"chat-call":.*"state":"connected"')
            embed.wait_for("first picture")
            friend.process.stdin.write(b"hang-up\n")
            friend.process.stdin.flush()
            embed.wait_for(r"state=\(string\)ending.*, [1-9]\d* pictures so far")


def test_embed_python():
    """The Python program calls who comes online, and again the next one."""
    chat, uri = server()
    with chat, Child(["/usr/bin/python3", "-u", os.path.join(TOP, "examples/embed.py"), uri, "3"]) as greeter:
        for name in ("Anna", "Otto"):
            with probe("chatpeer name=peer display-name=" + name + " uri=" + uri +
                       " peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck"
                       " peer. ! queue ! audioconvert ! fakesink name=acheck") as guest:
                greeter.wait_for("calling " + name)
                guest.wait_for(r'"video":.*"colour":"blue","moving":true')
                guest.wait_for(r'"audio":.*"hz":5[45]\d\.\d*,"tone":true')
                guest.wait_for(r'"chat-call":.*"reason":"hung-up"')
        check(greeter.end(signal.SIGINT) == 0, "exit status 0")


def test_transport():
    """Two chatpeers meet through appsrcs and nothing else."""
    with Child(["/usr/bin/python3", "-u", os.path.join(TOP, "examples/transport.py"), "20"]) as transport:
        for name in ("left", "right"):
            transport.wait_for(name + ": connected none")
            transport.wait_for(name + r": [2-9]\d pictures|%s: \d{3,} pictures" % name)
        check(transport.process.wait(20) == 0, "exit status 0")


def test_short_enough():
    with open(os.path.join(TOP, "examples/embed.c")) as file:
        lines = len(file.readlines())
    check(lines <= 150, "%d lines" % lines)


def main():
    global failed
    for document, target in sorted(set(documents.links())):
        case("link in %s to %s" % (document, target), test_link, document, target)
    for document, name in sorted(set(documents.paths())):
        case("path in %s: %s" % (document, name),
             lambda n: check(documents.path_exists(n), "there is no such file"), name)
    commands = list(documents.markdown_commands()) + list(documents.comment_commands())
    case("there are commands to look at", lambda: check(len(commands) >= 10, "only %d" % len(commands)))
    for command in commands:
        case("parses: " + command.name, test_parse, command)
    for command in commands:
        case("runs: " + command.name, test_run, command)
    for element in ("chatpeer", "chatsignalsrc"):
        case("docs/%s.md has the whole interface" % element, test_interface, element)
    case("docs/gst-chat-server.md has every option", test_server_options)
    case("man page of gst-chat-server has every option", test_man_page)
    case("example of a key file of gst-chat-server", test_example_config)
    case("systemd unit of gst-chat-server: valid, and little exposed", test_unit)
    case("README, camera: seen and heard both ways", test_camera)
    case("README, watch and record: the file has the call", test_record, "README", "call.mkv")
    case("docs/chatpeer.md, a recording as MP4", test_record, "docs/chatpeer", "call.mp4")
    case("README, a file into a call", test_file)
    case("README, an intercom", test_intercom)
    case("README, two pipelines", test_two)
    case("example: embed.c has at most 150 lines", test_short_enough)
    case("example: embed.c", test_embed)
    case("example: embed.c, a remote without a microphone", test_no_microphone)
    case("example: embed.py", test_embed_python)
    case("example: transport.py", test_transport)
    if not ONLY:
        status = subprocess.run(["/usr/bin/python3", os.path.join(TOP, "tests/docs/snapshot.py"), BUILD],
                                env=ENV).returncode
        failed |= status != 0
    return 1 if failed else 0


sys.exit(main())
