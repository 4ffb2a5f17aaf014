// SPDX-License-Identifier: LGPL-2.1-or-later
// How old picture and sound are when they come out of the other end, measured
// from content: a flash and a click each second.
import { Program } from './program.mjs';
import { startServer } from '../support/servers.mjs';
import { median, number, spread, table } from './stats.mjs';

export const title = 'Delay of picture and sound';

const SETTINGS = [undefined, 0, 50, 100, 200];
const NETWORKS = [
  { name: 'one machine', args: [] },
  { name: '20 to 50 ms each way, 1 % lost', args: ['--delay', '20', '--jitter', '30', '--loss', '0.01'] },
];

// ms from each event at the sender's pad to the same event at the receiver.
function delays(sender, receiver, kind, what) {
  const sent = sender.lines.filter(l => l.flash === 'sent' && l.kind === kind).map(l => l.at);
  return receiver.lines.filter(l => l.flash === what && l.kind === kind).map(l => {
    const last = sent.filter(s => s <= l.at).pop();
    return (l.at - last) / 1000;
  }).filter(Number.isFinite);
}

// The first two of each kind still belong to the set-up.
const SKIP = 2;

function enough(program, flashes) {
  return ['video', 'audio'].map(kind => {
    const played = () => program.lines.filter(l => l.flash === 'played' && l.kind === kind).length;
    return program.line(l => l.flash && played() >= flashes + SKIP, `${flashes} flashes (${kind})`,
      { seconds: flashes * 2 + 40 });
  });
}

async function measure(ctx, uri, latency, network, flashes, room) {
  const args = ['--uri', uri, '--room', room, ...network.args,
    ...latency === undefined ? [] : ['--latency', `${latency}`]];
  const make = (name, more) => new Program(ctx.program('flash-call'), [...args, '--name', name, ...more], { env: ctx.env });
  const a = make('one', []);
  const b = make('two', ['--call', 'one']);
  try {
    await Promise.all([...enough(a, flashes), ...enough(b, flashes)]);
    const both = (kind, what) => [delays(a, b, kind, what), delays(b, a, kind, what)].flatMap(d => d.slice(SKIP));
    [a, b].forEach(p => p.send('report'));
    const smooth = await Promise.all([a, b].map(p => p.wait('smooth')));
    const buffers = [a, b].flatMap(p => p.lines.filter(l => l.jitterbuffer));
    const sum = (kind, key) => buffers.filter(l => l.jitterbuffer === kind).reduce((n, l) => n + l[key], 0);
    const gone = kind => 100 * sum(kind, 'lost') / (sum(kind, 'lost') + sum(kind, 'pushed'));
    const seconds = smooth.reduce((n, s) => n + s.us, 0) / 1e6;
    return {
      'video out': both('video', 'out'), 'video played': both('video', 'played'),
      'audio out': both('audio', 'out'), 'audio played': both('audio', 'played'),
      'video lost': [gone('video')], 'audio lost': [gone('audio')],
      'frames': [smooth.reduce((n, s) => n + s.frames, 0) / seconds],
      'frozen': [smooth.reduce((n, s) => n + s.frozen_us, 0) / 1e4 / seconds],
    };
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
}

export async function run(ctx) {
  const [rounds, flashes] = ctx.full ? [2, 12] : [1, 3];
  const networks = NETWORKS.map(n => ({ ...n, results: SETTINGS.map(() => ({})) }));
  const server = await startServer(null, ctx.build);
  const uri = server.url.replace('http:', 'chat:');
  try {
    for (let i = 0; i < rounds; i++) {
      for (const [n, latency] of SETTINGS.entries()) {
        for (const [k, network] of networks.entries()) {
          const f = await measure(ctx, uri, latency, network, flashes, `latency-${i}-${n}-${k}`);
          ctx.line({ bench: 'latency', network: network.name, latency: latency ?? 'default', ...f });
          for (const [key, v] of Object.entries(f)) (network.results[n][key] ??= []).push(...v);
        }
      }
    }
  } finally {
    await server.child.stop();
  }
  const columns = ['video out', 'video played', 'audio out', 'audio played'];
  const rates = ['video lost', 'audio lost', 'frames', 'frozen'];
  return [
    ...networks.flatMap(network => [
      `${network.name}:`,
      table(['`latency`, ms', ...columns.map(c => `${c}, ms`), 'video packets missing, %', 'audio packets missing, %', 'frames/s', 'time frozen, %'],
        SETTINGS.map((latency, n) => [`${latency ?? 'default'}`,
          ...columns.map(c => spread(network.results[n][c])),
          ...rates.map(c => number(median(network.results[n][c]), 2))])),
    ]),
    '"out" is out of chatpeer\'s source pad, "played" what a sink does that keeps to the clock. Both directions of '
      + `${rounds} call${rounds > 1 ? 's' : ''} each, ${flashes} flashes and clicks in each. Missing are packets that were lost, `
      + 'or late, and not retransmitted in time; frozen is what lies in gaps of more than 150 ms between two frames.',
  ].join('\n\n');
}
