// SPDX-License-Identifier: LGPL-2.1-or-later
// The faults, and what has to hold of each: how they are done and undone, how
// long they last, and what a user may see of them.
import { other } from './world.mjs';

// Of a network that only gets worse.
const BAD = 20;
// The call is found to be dead, or told to be.
const NOTICED = 5;
// A network that is back, or another: until media flows on what is made anew.
const ANEW = { ours: 3, chromium: 10, firefox: 10 };
const SHORT = 3;

const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
const within = (x, low, high) => x > low && x < high;

// hit (world, side), heal (world, side): whatever is done.
// lasts: seconds between the two.
// Of the call:
//   goesOn  it does, and nobody is without media for longer than so
//   back    it does, and media flows both ways so long after the fault's end
//   dies    who is left is told so within this time
//   decided both sides are in the call, or both have been told of its end
// proof (figures): what chatpeer's statistics say where the fault was one.
export const FAULTS = {
  SIGKILL: { hit: (w, side) => w[side].signal('SIGKILL'), lasts: 0, dies: NOTICED },
  'SIGSTOP for 3 s': { hit: (w, side) => w[side].signal('SIGSTOP'), heal: (w, side) => w[side].signal('SIGCONT'), lasts: 3, back: () => SHORT },
  'SIGSTOP for 60 s': { hit: (w, side) => w[side].signal('SIGSTOP'), heal: (w, side) => w[side].signal('SIGCONT'), lasts: 60, decided: 10 },
  'link down for 2 s': { hit: (w, side) => w.down(side), heal: (w, side) => w.up(side), lasts: 2, back: () => SHORT },
  'link down for 60 s': { hit: (w, side) => w.down(side), heal: (w, side) => w.up(side), lasts: 60, back: (kind) => ANEW[kind] },
  'address change': { hit: (w, side) => w.otherAddress(side), lasts: 0, back: (kind) => ANEW[kind] },
  'server restart': {
    hit: async (w) => {
      await w.server.stop();
      await w.startServer();
    },
    lasts: 0, goesOn: 1, online: true,
  },
  'server gone for good': { hit: (w) => w.server.stop('SIGKILL'), lasts: 15, goesOn: 1 },
  '10 % loss': { hit: (w) => w.network.impair('loss 0.1'), heal: (w) => w.network.impair('loss 0'), lasts: BAD, goesOn: 4, bad: true, proof: (f) => within(mean(f('loss-in')), 0.05, 0.2) },
  '30 % loss': { hit: (w) => w.network.impair('loss 0.3'), heal: (w) => w.network.impair('loss 0'), lasts: BAD, goesOn: 10, bad: true, proof: (f) => within(mean(f('loss-in')), 0.15, 0.5) },
  '300 ms delay': { hit: (w) => w.network.impair('delay 300'), heal: (w) => w.network.impair('delay 0'), lasts: BAD, goesOn: 3, bad: true, proof: (f) => Math.max(...f('rtt')) > 0.5 },
  '500 kbit/s bottleneck': { hit: (w) => w.network.impair('rate 500000'), heal: (w) => w.network.impair('rate 0'), lasts: BAD, goesOn: 8, bad: true, rich: true, proof: (f) => Math.max(...f('rtt')) > 0.2 },
  // An hour on, and back again.
  'clock step': { hit: (w, side) => w.stepClock(side, 3600), heal: (w, side) => w.stepClock(side, 0), lasts: 5, goesOn: 2, clock: true },
};

// What is wrong with what was seen; seen: {caller, callee} as in run.mjs. lasted:
// from hit to heal; late: how late the machine was, which is nobody's fault.
export function complaints(fault, side, kind, seen, lasted, late) {
  const sides = fault.dies ? [other(side)] : ['caller', 'callee'];
  const found = [];
  const wrong = (condition, who, what) => {
    if (condition)
      found.push(`${who}: ${what}`);
  };
  const seconds = (s) => `${s.toFixed(1)} s`;
  for (const who of sides) {
    const { end, gap, back } = seen[who];
    if (fault.dies) {
      wrong(!end, who, 'is still in the call');
      wrong(end && end.after > fault.dies, who, `is told only after ${end && seconds(end.after)}`);
    } else if (fault.decided) {
      const both = Boolean(seen.caller.end) === Boolean(seen.callee.end);
      wrong(!both, who, end ? `the call has ended here alone: ${end.why}` : 'is in the call alone');
      wrong(end && end.after - lasted > fault.decided, who, `is told only ${end && seconds(end.after - lasted)} after the fault's end`);
    } else {
      wrong(end, who, `the call has ended after ${end && seconds(end.after)}: ${end?.why}`);
      if (fault.goesOn)
        wrong(!end && gap > fault.goesOn + late, who, `is without media for ${seconds(gap)}`);
    }
    wrong(end && !end.why, who, 'is not told why the call has ended');
    if (!end && !fault.dies) {
      wrong(back === null, who, 'gets no media any more');
      if (fault.back)
        wrong(back > fault.back(kind) + late, who, `has media only ${back && seconds(back)} after the fault's end`);
    }
  }
  const stepped = seen[side].events.filter((e) => e.clock).length;
  wrong(fault.proof && !fault.proof(seen.figures), 'callee', 'knows nothing of the fault');
  wrong(fault.clock && stepped !== 2, side, `saw its clock step ${stepped} times and not twice`);
  return found;
}
