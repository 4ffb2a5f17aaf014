// SPDX-License-Identifier: LGPL-2.1-or-later
// How old picture and sound are when they come out of the other end, measured
// from content: a flash and a click each second.
import { Program } from './program.mjs';
import { startServer } from '../support/servers.mjs';
import { spread, table } from './stats.mjs';

export const title = 'Delay of picture and sound';

const SETTINGS = [undefined, 0, 50, 100, 200];

// ms from each event at the sender's pad to the same event at the receiver.
function delays(sender, receiver, kind, what) {
  const sent = sender.lines.filter(l => l.flash === 'sent' && l.kind === kind).map(l => l.at);
  return receiver.lines.filter(l => l.flash === what && l.kind === kind).map(l => {
    const last = sent.filter(s => s <= l.at).pop();
    return (l.at - last) / 1000;
  }).filter(Number.isFinite);
}

async function measure(ctx, uri, latency, flashes, room) {
  const args = ['--uri', uri, '--room', room, ...latency === undefined ? [] : ['--latency', `${latency}`]];
  const make = (name, more) => new Program(ctx.program('flash-call'), [...args, '--name', name, ...more], { env: ctx.env });
  const a = make('one', []);
  const b = make('two', ['--call', 'one']);
  try {
    // Both see and hear so many; the first two still belong to the set-up.
    const enough = p => ['video', 'audio'].map(kind => {
      let n = 0;
      return p.line(l => l.flash === 'played' && l.kind === kind && ++n > 0
        && p.lines.filter(x => x.flash === 'played' && x.kind === kind).length >= flashes + 2,
        `${flashes} flashes (${kind})`, { seconds: flashes * 2 + 30 });
    });
    await Promise.all([...enough(a), ...enough(b)]);
    const both = (kind, what) => [delays(a, b, kind, what), delays(b, a, kind, what)].flatMap(d => d.slice(2));
    return {
      'video out': both('video', 'out'), 'video played': both('video', 'played'),
      'audio out': both('audio', 'out'), 'audio played': both('audio', 'played'),
    };
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
}

export async function run(ctx) {
  const [rounds, flashes] = ctx.full ? [3, 12] : [1, 3];
  const server = await startServer(null, ctx.build);
  const uri = server.url.replace('http:', 'chat:');
  const results = SETTINGS.map(() => ({}));
  try {
    for (let i = 0; i < rounds; i++) {
      for (const [n, latency] of SETTINGS.entries()) {
        const f = await measure(ctx, uri, latency, flashes, `latency-${i}-${n}`);
        ctx.line({ bench: 'latency', latency: latency ?? 'default', ...f });
        for (const [k, v] of Object.entries(f)) (results[n][k] ??= []).push(...v);
      }
    }
  } finally {
    await server.child.stop();
  }
  const columns = ['video out', 'video played', 'audio out', 'audio played'];
  return [
    table(['`latency`, ms', ...columns.map(c => `${c}, ms`)],
      SETTINGS.map((latency, n) => [`${latency ?? 'default'}`, ...columns.map(c => spread(results[n][c]))])),
    '"out" is out of chatpeer\'s source pad, "played" what a sink does that keeps to the clock. Both directions of '
      + `${rounds} call${rounds > 1 ? 's' : ''} each, ${flashes} flashes and clicks in each.`,
  ].join('\n\n');
}
