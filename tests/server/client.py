#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's python3-socketio, driven by JSON lines.

    client.py URL [TRANSPORT,…]

In: {"emit": NAME, "data": …} or {"emit": NAME, "hex": BYTES}, an "ack" number
with either. Out: {"event": NAME, "data": …}, {"acknowledged": NUMBER},
{"connected": ID}, {"transport": NAME}, {"disconnected": true}.
"""
import json
import sys

import socketio


def say(**line):
    # In one piece: events come in threads of their own.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(url, transports=None):
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2)

    @client.on("*")
    def on_event(name, data=None):
        say(event=name, data=data)

    @client.event
    def connect():
        say(connected=client.get_sid())

    @client.event
    def disconnect():
        say(disconnected=True)

    client.connect(url, transports=transports and transports.split(","))
    for line in sys.stdin:
        command = json.loads(line)
        if command["emit"] is None:
            say(transport=client.transport())
            continue
        data = bytes.fromhex(command["hex"]) if "hex" in command else command.get("data")
        number = command.get("ack")
        client.emit(command["emit"], data,
                    callback=number and (lambda *_: say(acknowledged=number)))
    client.disconnect()


main(*sys.argv[1:])
