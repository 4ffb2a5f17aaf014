#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` puts somewhere works there: the plugin finds its module.

    test-install.py BUILD-FOLDER MEDIA-PROBE PLUGIN-FOLDER MODULE"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

BUILD, PROBE, PLUGINS, MODULE = sys.argv[1:]
SECONDS = 60


def below(root, path):
    return os.path.join(root, path.lstrip("/"))


class Probe:
    """A chatsignalsrc in a program that finds the plugin in a folder."""

    def __init__(self, folder, registry, port):
        env = dict(os.environ, GST_PLUGIN_PATH_1_0=folder, GST_REGISTRY_1_0=registry)
        self.process = subprocess.Popen(
            [PROBE, "chatsignalsrc uri=chat://127.0.0.1:%d ! fakesink async=false" % port],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_for_error(self):
        """Its text, or "" where there is none in time."""
        deadline = threading.Timer(SECONDS, self.process.kill)
        deadline.start()
        error = None
        for line in self.process.stdout:
            error = json.loads(line).get("error")
            if error:
                break
        deadline.cancel()
        return error["message"] if error else ""

    def end(self):
        self.process.communicate("quit\n", timeout=SECONDS)


def connects(folder, registry):
    """Whether a chatsignalsrc from there speaks to a server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        probe = Probe(folder, registry, server.getsockname()[1])
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(SECONDS)
                return connection.recv(15) == b"GET /socket.io/"
        except socket.timeout:
            return False
        finally:
            probe.end()


def error_of(folder, registry):
    """What it says instead."""
    probe = Probe(folder, registry, 1)
    said = probe.wait_for_error()
    probe.end()
    return said


def case(name, good, why=""):
    print("%sok - %s%s" % ("" if good else "not ", name, "" if good else " # " + why), flush=True)
    return good


def main():
    with tempfile.TemporaryDirectory(prefix="chat install ") as top:
        subprocess.run(["meson", "install", "-C", BUILD, "--destdir", top, "--no-rebuild", "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
        plugins, module = below(top, PLUGINS), below(top, MODULE)
        # That of this build has all other plugins; without it they are scanned again.
        registry = os.path.join(top, "registry.bin")
        if os.path.exists(os.environ["GST_REGISTRY_1_0"]):
            shutil.copy(os.environ["GST_REGISTRY_1_0"], registry)
        linked = os.path.join(top, "linked")
        os.mkdir(linked)
        os.symlink(os.path.join(plugins, "libgstchat.so"), os.path.join(linked, "libgstchat.so"))

        good = [
            case("installed", connects(plugins, registry), "no connection"),
            case("installed, and a link to it", connects(linked, registry), "no connection"),
        ]
        os.rename(module, module + ".away")
        said = error_of(plugins, registry)
        good.append(case("half of it is missing", "install gst-plugins-chat completely" in said,
                         "said: " + said))
        with open(module, "w") as file:
            file.write("no module")
        said = error_of(plugins, registry)
        good.append(case("half of it is broken", "install gst-plugins-chat completely" in said,
                         "said: " + said))
    return 0 if all(good) else 1


sys.exit(main())
