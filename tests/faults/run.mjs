// SPDX-License-Identifier: LGPL-2.1-or-later
// Every fault on every side of every pair: what is seen, after how long, and
// whether the call is back. Each case has network namespaces of its own.
//
//   node tests/faults/run.mjs BUILDDIR [--list] [--only=TEXT] [--jobs=N]
//
// At the end the table of docs/faults.md is printed. FAULTS_SEED=N loses other
// packets; with FAULTS_STATS=1 a case that fails tells chatpeer's statistics, too.
import { machine } from '../bench/machine.mjs';
import { Failure, run, test, until } from '../support/harness.mjs';
import { FAULTS, complaints } from './matrix.mjs';
import { mayMakeNamespaces } from './network.mjs';
import { line, table } from './table.mjs';
import { lateness, now } from './watch.mjs';
import { World, build, other, waitUntil } from './world.mjs';

const KINDS = { ours: 'ours', chromium: 'Chromium', firefox: 'Firefox' };
// After the fault's end: until it is clear what has become of the call.
const SETTLE = 35;
const HANG_UP = 5;

const rows = [];

const steady = (watch, from) => watch.end(from) === undefined && watch.flowsFor(3);

// Both out of it, or both in it with media; at the latest after SETTLE.
async function settle(world, fault, side, from, healed) {
  const left = fault.dies ? [world[other(side)]] : [world.caller, world.callee];
  const settled = () => left.every((w) => w.end(from))
    || (now() > healed + 4 && left.every((w) => steady(w, from))
      && (!fault.online || left.every((w) => w.last('signalling') === 'connected')));
  await until(settled, 'an outcome', 1000 * SETTLE).catch(() => {});
}

function see(watch, from, healed, to) {
  const end = watch.end(from);
  const back = watch.back(healed, to);
  const gaps = ['picture', 'tone'].map((kind) => watch.gap(kind, from, to));
  return {
    end: end && { after: end.at - from, why: end.why },
    gaps, gap: Math.max(...gaps),
    back: back === null ? null : back - healed,
    events: watch.since(from).filter((e) => e.at <= to).map((e) => ({ ...e, after: e.at - from })),
  };
}

// Whoever was hit hangs up, and the other is told.
async function hangUp(world, side) {
  const asked = now();
  const told = world[other(side)];
  world[side].send('hang-up');
  const end = await told.wait(() => told.end(asked), 'to be told of the hang-up', 1000 * HANG_UP).catch(() => null);
  return end ? { after: end.at - asked, why: end.why } : null;
}

async function play(t, name, side, kind) {
  const fault = FAULTS[name];
  const kinds = { caller: kind, callee: 'ours' };
  const world = await World.make(t, kinds, { bad: fault.bad && side, clock: fault.clock && side, rich: fault.rich });
  await world.talk();

  const from = now();
  await fault.hit(world, side);
  await waitUntil(from + fault.lasts);
  await fault.heal?.(world, side);
  const healed = now();
  await settle(world, fault, side, from, healed);
  const to = now();
  const seen = { caller: see(world.caller, from, healed, to), callee: see(world.callee, from, healed, to),
    // The callee is always ours. What is told in the first second is of before.
    figures: (name) => world.callee.figures(name, from + 2, healed) };
  const found = complaints(fault, side, kind, seen, healed - from, lateness(from, to));
  let bye;
  if (!fault.dies && !seen.caller.end && !seen.callee.end) {
    bye = await hangUp(world, side);
    if (!bye || !/hung.up/.test(bye.why))
      found.push(`the hang-up is ${bye ? `told as: ${bye.why}` : `not told within ${HANG_UP} s`}`);
  }
  for (const who of ['caller', 'callee'])
    t.note(() => saidBy(world[who], from).forEach((line) => t.note(`${who}: ${line}`)));
  const row = { name, side, kind: KINDS[kind], killed: fault.dies && side, seen, bye, good: !found.length };
  rows.push(row);
  console.log(`# ${line(row)}`);
  if (found.length)
    throw new Failure(found.join('; '));
}

// What the log of a case that fails has: all but media, by the second.
function saidBy(watch, from) {
  return watch.since(from - 2).filter((e) => !e.stats || process.env.FAULTS_STATS).map(({ at, ...line }) => `${(at - from).toFixed(2)} ${Object.values(line).join(' ')}`);
}

const on = machine(build);
const skip = mayMakeNamespaces() ? null : 'no network namespaces here';
for (const kind of Object.keys(KINDS))
  for (const name of Object.keys(FAULTS))
    for (const side of ['caller', 'callee'])
      // One browser at a time: what is measured is not to be the machine.
      test(`${name}, ${side}, ours with ${KINDS[kind]}`, (t) => play(t, name, side, kind), { skip, seconds: 360, alone: kind !== 'ours' });

await run({ jobs: 2, teardown: () => console.log(`${on}\n\n${table(rows, Object.keys(FAULTS))}`) });
