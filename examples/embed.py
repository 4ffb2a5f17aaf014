#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application that sees who comes online and calls them, one after the other.

    embed.py URI [SECONDS-A-CALL]

The signalling is an element of its own here: chatsignalsrc tells of users by
its signals, and feeds the peer's pad `signal`."""
import sys

import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

PIPELINE = """
    chatsignalsrc name=server display-name=Greeter ! peer.signal
    chatpeer name=peer accept=none
    videotestsrc is-live=true pattern=ball foreground-color=0xff0000ff !
        video/x-raw,width=320,height=240,framerate=30/1 ! peer.
    audiotestsrc is-live=true freq=550 volume=0.2 ! peer.
    peer. ! queue ! videoconvert ! fakesink sync=true
    peer. ! queue ! audioconvert ! fakesink sync=true
"""


class Greeter:
    def __init__(self, uri, seconds):
        self.seconds = seconds
        self.waiting = []       # (id, name) of those who were not called yet
        self.in_call = False
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.peer = self.pipeline.get_by_name("peer")
        server = self.pipeline.get_by_name("server")
        server.set_property("uri", uri)
        # Signals of elements come in their threads: go on in the main one.
        server.connect("user-added", lambda _, id, name: GLib.idle_add(self.on_user_added, id, name))
        server.connect("user-removed", lambda _, id: GLib.idle_add(self.on_user_removed, id))
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_element_message)
        bus.connect("message::error", self.on_error)
        self.loop = GLib.MainLoop()
        self.status = 0

    def on_user_added(self, id, name):
        print("%s is online" % (name or id), flush=True)
        self.waiting.append((id, name))
        self.call_next()

    def on_user_removed(self, id):
        self.waiting = [user for user in self.waiting if user[0] != id]

    def call_next(self):
        if self.waiting and not self.in_call:
            id, name = self.waiting.pop(0)
            print("calling %s" % (name or id), flush=True)
            self.in_call = True
            self.peer.emit("call", id)

    def on_element_message(self, bus, message):
        fields = message.get_structure()
        if fields.get_name() != "chat-call":
            return
        state = fields.get_string("state")
        print("%s: %s" % (fields.get_string("remote-name") or fields.get_string("remote-id"), state),
              fields.get_string("reason") or "", flush=True)
        if state == "connected":
            GLib.timeout_add_seconds(self.seconds, self.on_time_is_up)
        elif state == "idle":
            self.in_call = False
            self.call_next()

    def on_time_is_up(self):
        self.peer.emit("hang-up")
        return GLib.SOURCE_REMOVE

    def on_error(self, bus, message):
        print(message.parse_error().gerror.message, file=sys.stderr)
        self.status = 1
        self.loop.quit()

    def run(self):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 2, self.loop.quit)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, self.loop.quit)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        return self.status


if __name__ == "__main__":
    Gst.init(None)
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(Greeter(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5).run())
