#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""media-probe answers its commands and judges live pipelines and files."""
import json
import os
import select
import subprocess
import sys
import tempfile
import time

PROBE = sys.argv[1]


class Probe:
    def __init__(self, *args):
        self.process = subprocess.Popen([PROBE, *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.rest = b""
        self.lines = []

    def send(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def wait(self, what, wanted, seconds=20):
        """The next line for which wanted(line) holds."""
        deadline = time.monotonic() + seconds
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                line = json.loads(line)
                self.lines.append(line)
                if wanted(line):
                    return line
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                self.process.kill()
                raise SystemExit("%s did not come; last lines: %s" % (what, self.lines[-3:]))
            self.rest += data

    def command(self, command):
        self.send(command)
        return self.wait("the reply to " + command,
                         lambda l: l.get("reply", {}).get("command") == command)["reply"]

    def end(self):
        self.process.stdin.close()
        return self.process.wait(20)


def check(condition, what):
    if not condition:
        raise SystemExit("not so: " + what)


def live():
    probe = Probe("videotestsrc is-live=true pattern=ball foreground-color=0xffff0000 name=v ! "
                  "video/x-raw,format=I420,width=320,height=240 ! fakesink name=vcheck "
                  "audiotestsrc is-live=true freq=440 name=a ! audio/x-raw,rate=48000 ! "
                  "fakesink name=acheck")
    probe.wait("a red ball", lambda l: l.get("video", {}).get("colour") == "red"
               and l["video"]["moving"] and l["video"]["width"] == 320)
    probe.wait("440 Hz", lambda l: abs(l.get("audio", {}).get("hz", 0) - 440) < 5
               and l["audio"]["tone"])
    check(probe.command("set v foreground-color 0xff0000ff")["ok"], "set works")
    probe.wait("a blue ball", lambda l: l.get("video", {}).get("colour") == "blue")
    check(probe.command("set a freq 880")["ok"], "set works")
    probe.wait("880 Hz", lambda l: abs(l.get("audio", {}).get("hz", 0) - 880) < 5)
    check(probe.command("get v pattern")["value"] == "ball", "get works")
    for bad in ("set nobody x 1", "set v nothing 1", "set v pattern nonsense", "get v",
                "call someone", "hang-up", "state NOWHERE", "dance"):
        check(not probe.command(bad)["ok"], bad + " is refused")
    probe.command("state NULL")
    probe.command("state PLAYING")
    probe.wait("pictures again", lambda l: l.get("video", {}).get("moving"))
    probe.command("eos")
    probe.wait("the end", lambda l: "eos" in l)
    check(probe.end() == 0, "the end of its input ends it")


def broken():
    check(Probe("nosuchelement ! fakesink").process.wait(20) == 1, "a wrong pipeline is refused")
    probe = Probe("videotestsrc", "is-live=true", "!", "video/x-raw,format=I420_10LE", "!",
                  "fakesink", "name=vcheck")
    probe.wait("the trouble", lambda l: "videoconvert" in l.get("video", {}).get("trouble", ""))
    check(probe.end() == 0, "end")


def files(folder):
    path = os.path.join(folder, "a.mkv")
    subprocess.run(["gst-launch-1.0", "-q", "matroskamux", "name=m", "!", "filesink", "location=" + path,
                    "videotestsrc", "num-buffers=60", "pattern=ball", "foreground-color=0xff00ff00", "!",
                    "video/x-raw,width=320,height=240,framerate=30/1", "!", "vp8enc", "deadline=1", "!", "m.",
                    "audiotestsrc", "num-buffers=90", "freq=600", "!", "audio/x-raw,rate=48000", "!",
                    "opusenc", "!", "m."], check=True)
    done = subprocess.run([PROBE, "--check", path], stdout=subprocess.PIPE, timeout=60)
    lines = [json.loads(l) for l in done.stdout.splitlines()]
    check(done.returncode == 0, "a good file: %s" % lines)
    video = [l["video"] for l in lines if l.get("video", {}).get("final")][0]
    audio = [l["audio"] for l in lines if l.get("audio", {}).get("final")][0]
    check(video["frames"] == 60 and video["seen"].get("green", 0) >= 55, "a green ball: %s" % video)
    check(abs(video["end"] - 2) < 0.1, "two seconds of video: %s" % video)
    check(audio["tones"].get("600", 0) >= 5, "a tone: %s" % audio)

    with open(path, "wb") as file:
        file.write(b"this is no media\n" * 100)
    done = subprocess.run([PROBE, "--check", path], stdout=subprocess.PIPE, timeout=60)
    check(done.returncode == 1 and b'"error"' in done.stdout, "a bad file is refused")


live()
broken()
with tempfile.TemporaryDirectory() as folder:
    files(folder)
