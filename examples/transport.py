#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two chatpeers without a server: the application carries their signalling.

    transport.py [PICTURES]     ends when each has seen so many, 300 by default

What one of them sends comes out of its appsrc against the flow, as a custom
event; what shall reach it goes into its appsrc, one JSON text a buffer. Here
it is handed over in the same process; MQTT, SIP or a serial line do as well."""
import json
import sys

import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

# The words of a server for those of a client; docs/protocol.md has them all.
RELAYED = {"call-user": "call-made", "make-answer": "answer-made"}


class Peer:
    """One pipeline, and its place in the transport."""

    def __init__(self, own_id, colour, call=""):
        self.id, self.other = own_id, None
        self.pipeline = Gst.parse_launch(
            "appsrc name=signals caps=application/x-chat-signal is-live=true ! peer.signal "
            "chatpeer name=peer " + call + " videotestsrc is-live=true pattern=ball foreground-color=" + colour +
            " ! video/x-raw,width=320,height=240 ! peer. peer. ! queue ! videoconvert ! fakesink name=screen")
        self.signals = self.pipeline.get_by_name("signals")
        self.signals.get_static_pad("src").add_probe(Gst.PadProbeType.EVENT_UPSTREAM, self.on_event)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_message)
        bus.connect("message::error", lambda bus, message: sys.exit(message.parse_error()[0].message))
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_message(self, bus, message):
        call = message.get_structure()
        if call.get_name() == "chat-call":
            print("%s: %s %s" % (self.id, call.get_string("state"), call.get_string("reason")), flush=True)

    def on_event(self, pad, info):
        """A thread of chatpeer: something is to be sent."""
        signal = info.get_event().get_structure()
        if signal is None or signal.get_name() != "chat-signal":
            return Gst.PadProbeReturn.OK
        event, data = signal.get_string("event"), json.loads(signal.get_string("data"))
        if data.pop("to") == self.other.id:
            self.other.receive(RELAYED.get(event, event), dict(data, socket=self.id))
        return Gst.PadProbeReturn.DROP

    def receive(self, event, data):
        text = json.dumps(dict(data, event=event))
        self.signals.emit("push-buffer", Gst.Buffer.new_wrapped(text.encode()))

    def pictures(self):
        stats = self.pipeline.get_by_name("screen").get_property("stats")
        return stats.get_uint64("rendered").value

    def meet(self, other):
        """The hang-up and the like are passed on, so `relay` may be said."""
        self.receive("signalling-connected", {"id": self.id})
        self.receive("server-info", {"protocol": 1, "features": ["relay"]})
        self.receive("update-user-list", {"users": [other.id]})


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    left, right = Peer("left", "0xffff0000", "call=right"), Peer("right", "0xff00ff00")
    left.other, right.other = right, left
    right.meet(left)
    left.meet(right)
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    GLib.timeout_add(100, lambda: min(left.pictures(), right.pictures()) < wanted or loop.quit())
    loop.run()
    for peer in left, right:
        print("%s: %d pictures" % (peer.id, peer.pictures()), flush=True)
    for peer in left, right:
        peer.pipeline.set_state(Gst.State.NULL)


main()
