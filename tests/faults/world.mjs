// SPDX-License-Identifier: LGPL-2.1-or-later
// A server, two sides of a call, and what is done to them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SOURCE, Child } from '../support/servers.mjs';
import { until } from '../support/harness.mjs';
import { Network, SERVER } from './network.mjs';
import { Watch, now } from './watch.mjs';

export const build = path.resolve(process.argv[2] ?? 'build');

const PORT = 5000;
const SIDES = {
  caller: { end: 'a', name: 'Ann', colour: 'red', argb: '0xffeb3232', hz: 440, other: 'callee' },
  callee: { end: 'b', name: 'Bert', colour: 'blue', argb: '0xff3250eb', hz: 880, other: 'caller' },
};

export const other = (side) => SIDES[side].other;

// A picture that costs nothing; and one that fills a line as a camera does,
// with snow beside the ball.
const BALL = 'video/x-raw,width=320,height=240,framerate=15/1';
const picture = (who, rich) => (rich
  ? `compositor name=mix sink_1::xpos=400 ! video/x-raw,width=640,height=480,framerate=30/1 ! queue ! peer.
     videotestsrc is-live=true pattern=ball foreground-color=${who.argb} ! video/x-raw,width=400,height=480,framerate=30/1 ! mix.
     videotestsrc is-live=true pattern=snow ! video/x-raw,width=160,height=120,framerate=30/1 ! mix.`
  : `videotestsrc is-live=true pattern=ball foreground-color=${who.argb} ! ${BALL} ! peer.`);

const pipeline = (who, rich) => `chatpeer name=peer uri=chat://${SERVER}:${PORT} display-name=${who.name}
  ${picture(who, rich)} audiotestsrc is-live=true freq=${who.hz} ! audio/x-raw,rate=48000 ! peer.
  peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck sync=true
  peer. ! queue ! audioconvert ! fakesink name=acheck sync=true`.replace(/\s+/g, ' ');

export class World {
  #t;
  #clocks;
  server = null;

  // kinds: {caller, callee}, each ours, chromium or firefox. bad: the side whose
  // cable can be made a bad one. clock: the side whose clock can be stepped.
  static async make(t, kinds, { bad, clock, rich } = {}) {
    const world = new World();
    world.#t = t;
    world.#clocks = mkdtempSync(path.join(os.tmpdir(), 'chat-clock-'));
    t.defer(() => rmSync(world.#clocks, { recursive: true }));
    world.network = await Network.make(t, bad && SIDES[bad].end, build);
    await world.startServer();
    for (const side of ['callee', 'caller'])
      world[side] = world.#join(side, kinds[side], { clock: clock === side, rich });
    return world;
  }

  async startServer() {
    const [program, args] = this.network.command('m', path.join(build, 'gst/server/gst-chat-server'), ['--address=0.0.0.0', `--port=${PORT}`]);
    this.server = new Child(this.#t, program, args, { name: 'gst-chat-server' });
    await until(() => this.server.lines.some((l) => l.includes('open http')), () => `the server: ${this.server.errors}`);
  }

  #join(side, kind, { clock, rich }) {
    const who = SIDES[side];
    const whom = SIDES[who.other];
    const [program, args] = this.network.command(who.end, ...(kind === 'ours'
      ? [path.join(build, 'tests/faults/call-watch'), [pipeline(who, rich), whom.colour, whom.hz]]
      : [process.execPath, [path.join(SOURCE, 'tests/faults/page-watch.mjs'), kind, `http://${SERVER}:${PORT}/`, who.name, who.colour, who.hz, whom.colour, whom.hz]]));
    const env = { GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'), GST_REGISTRY_1_0: path.join(build, 'registry.bin') };
    if (clock) {
      this.#setClock(side, 0);
      Object.assign(env, { LD_PRELOAD: path.join(build, 'tests/faults/clock-step.so'), CLOCK_STEP: path.join(this.#clocks, side) });
    }
    return new Watch(this.#t, kind, [program, args], { env, name: `${side} (${kind})` });
  }

  // In place: it is mapped.
  #setClock(side, seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds) * 1000000000n);
    writeFileSync(path.join(this.#clocks, side), bytes, { flag: 'a+' });
    writeFileSync(path.join(this.#clocks, side), bytes, { flag: 'r+' });
  }

  stepClock(side, seconds) {
    this.#setClock(side, seconds);
  }

  down(side) {
    this.network.down(SIDES[side].end);
  }

  up(side) {
    this.network.up(SIDES[side].end);
  }

  otherAddress(side) {
    this.network.otherAddress(SIDES[side].end);
  }

  // The call, until media has gone both ways for a while.
  async talk() {
    const both = [this.caller, this.callee];
    await Promise.all(both.map((w) => w.wait(() => w.last('signalling') === 'connected', 'to be online', 120000)));
    this.caller.send(`call ${SIDES.callee.name}`);
    await Promise.all(both.map((w) => w.wait(() => w.last('call') === 'connected', 'the call', 60000)));
    await until(() => both.every((w) => w.flowsFor(2)), 'media both ways', 60000);
  }
}

export const waitUntil = (moment) => until(() => now() >= moment, 'time to pass', 1000 * (moment - now()) + 5000);
