// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a call is interrupted when the network under it changes, and how soon
// there is a new one after a server restart: in the network namespaces of
// tests/faults, over real links, with a picture and a tone that are recognised.
import { World } from '../faults/world.mjs';
import { now } from '../faults/watch.mjs';
import { until } from '../support/harness.mjs';
import { spread, table } from './stats.mjs';

const KINDS = { ours: 'another chatpeer', chromium: 'our page in Chromium', firefox: 'our page in Firefox' };
const PATIENCE = 40000;

// What a case of the harness gives its world.
async function withWorld(caller, run) {
  const ends = [];
  const t = { defer: (end) => ends.push(end), note: () => {} };
  try {
    const world = await World.make(t, { caller, callee: 'ours' });
    await world.talk();
    return await run(world);
  } finally {
    for (const end of ends.reverse())
      await end();
  }
}

const both = (world) => [world.caller, world.callee];

// The first of each kind on both sides after @at.
async function mediaAfter(world, at) {
  const first = (watch, kind) => watch.look().flow[kind].find((x) => x > at);
  const all = () => both(world).flatMap((watch) => ['picture', 'tone'].map((kind) => first(watch, kind)));
  await until(() => all().every(Boolean), 'media both ways', PATIENCE);
  return Math.max(...all());
}

async function connectedAfter(world, at) {
  const times = () => both(world).map((w) => w.since(at).find((e) => e.call === 'connected' && e.at > at)?.at);
  await until(() => times().every(Boolean), 'the call', PATIENCE);
  return Math.max(...times());
}

// ms from the change to the call being there, and to media of both kinds both ways.
const change = (caller, side) => withWorld(caller, async (world) => {
  const at = now();
  world.otherAddress(side);
  const connected = await connectedAfter(world, at);
  return { connected: 1000 * (connected - at), media: 1000 * (await mediaAfter(world, connected) - at) };
});

// ms from the new server's being there to both having found it, and of a call then.
const restart = () => withWorld('ours', async (world) => {
  await world.server.stop();
  await world.startServer();
  const at = now();
  await until(() => both(world).every((w) => w.last('signalling') === 'connected'), 'both online again', PATIENCE);
  const online = now();
  world.caller.send('hang-up');
  await until(() => both(world).every((w) => w.last('call') === 'idle'), 'the end of the call', PATIENCE);
  const called = now();
  world.caller.send('call Bert');
  const connected = await connectedAfter(world, called);
  return { online: 1000 * (online - at), connected: 1000 * (connected - called), media: 1000 * (await mediaAfter(world, connected) - called) };
});

export const title = 'A network that changes, a server that restarts';

export async function run(ctx) {
  const cases = [
    { name: 'another address here, call with another chatpeer', rounds: 10, brief: 1, measure: () => change('ours', 'callee') },
    ...['chromium', 'firefox'].flatMap((kind) => [
      { name: `another address here, call with ${KINDS[kind]}`, rounds: 5, brief: 0, measure: () => change(kind, 'callee') },
      { name: `another address of ${KINDS[kind]}`, rounds: 5, brief: 0, measure: () => change(kind, 'caller') },
    ]),
    { name: 'a new call after a restart of the server', rounds: 10, brief: 1, measure: restart },
  ];
  const rows = [];
  for (const { name, rounds, brief, measure } of cases) {
    const all = { connected: [], media: [], online: [] };
    for (let i = 0; i < (ctx.full ? rounds : brief); i++) {
      const times = await measure();
      ctx.line({ bench: 'resume', name, ...times });
      for (const [key, ms] of Object.entries(times)) all[key].push(ms);
    }
    if (all.connected.length)
      rows.push([name, spread(all.online), spread(all.connected), spread(all.media), `${all.connected.length}`]);
  }
  return [
    table(['', 'online again, ms', 'connected, ms', 'picture and sound both ways, ms', 'calls'], rows),
    'From the change of the address, or for the last row from the moment when the new server listens, and then from the call. Medians, with the shortest and the longest. '
      + 'What comes is a moving ball of the right colour and a tone of the right frequency, looked for ten times a second in browsers.',
  ].join('\n\n');
}
