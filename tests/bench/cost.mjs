// SPDX-License-Identifier: LGPL-2.1-or-later
// What a chatpeer call costs beside the same call on a plain webrtcbin: CPU
// time, memory and threads of one process, 640x480 at 30 frames a second in VP8
// and Opus, both ways.
import { Program } from './program.mjs';
import { startServer } from './server.mjs';
import { median, number, percent, spread, table } from './stats.mjs';

export const title = 'CPU time and memory of a call';

// Begins a call; both processes measure themselves in a window of their own.
const kinds = {
  bare(ctx, args) {
    let offerer = null;
    const file = ctx.program('bare-call');
    const answerer = new Program(file, args, { onSignal: l => offerer.send(l) });
    offerer = new Program(file, [...args, '--offer'], { onSignal: l => answerer.send(l) });
    return [offerer, answerer];
  },
  chatpeer(ctx, args, n) {
    const file = ctx.program('peer-call');
    const common = [...args, '--uri', ctx.server.uri, '--room', `cost${n}`];
    const answerer = new Program(file, [...common, '--name', 'answerer'], { env: ctx.env });
    const offerer = new Program(file, [...common, '--name', 'offerer', '--call', 'answerer'], { env: ctx.env });
    return [offerer, answerer];
  },
};
kinds['bare again'] = kinds.bare;

async function finish(programs, seconds) {
  try {
    const results = await Promise.all(programs.map(p => p.wait('result', { seconds: seconds + 30 })));
    programs.forEach(p => p.send('describe'));
    const [description] = await Promise.all(programs.map(p => p.wait('describe')));
    const mean = key => (results[0][key] + results[1][key]) / 2;
    return {
      description,
      cpu: 100 * mean('cpu_us') / mean('wall_us'),
      peak: mean('peak_kib') / 1024,
      threads: mean('threads'),
      switches: mean('switches') / (mean('wall_us') / 1e6),
      frames: mean('video') / (mean('wall_us') / 1e6),
      total: mean('total_cpu_us') / 1000,
    };
  } finally {
    const ends = await Promise.all(programs.map(p => p.stop()));
    ends.forEach((e, i) => {
      if (e.code !== 0) throw new Error(`${programs[i].name} ended with ${JSON.stringify(e)}\n${programs[i].stderr}`);
    });
  }
}

// The elements that one pipeline has and the other has not, or with other
// settings. Plain converters and queues of the bare side included: nothing is
// left out.
function differences(bare, peer) {
  const keys = [...new Set([...Object.keys(bare), ...Object.keys(peer)])].sort();
  return keys.filter(k => bare[k] !== peer[k])
    .map(k => `\`${k}\` ${bare[k] ?? 0} → ${peer[k] ?? 0}`);
}

export async function run(ctx) {
  const seconds = ctx.full ? 25 : 4;
  const rounds = ctx.full ? 9 : 1;
  const args = ['--seconds', `${seconds}`, '--settle', ctx.full ? '4' : '1'];
  ctx.server = await startServer(ctx);
  const runs = { bare: [], chatpeer: [], 'bare again': [] };
  try {
    for (let i = 0; i < rounds; i++) {
      // All in one round, in an order that turns from round to round.
      const order = Object.keys(runs);
      for (let k = 0; k < i % order.length; k++) order.push(order.shift());
      for (const kind of order) {
        const r = await finish(kinds[kind](ctx, args, i), seconds);
        const { description, ...figures } = r;
        ctx.line({ bench: 'cost', round: i, kind, ...figures });
        runs[kind].push(r);
      }
    }
  } finally {
    await ctx.server.stop();
  }

  const column = (kind, key) => runs[kind].map(r => r[key]);
  const ratios = (kind, key) => runs[kind].map((r, i) => r[key] / runs.bare[i][key]);
  const rows = Object.keys(runs).map(kind => [
    kind,
    spread(column(kind, 'cpu'), 2),
    kind === 'bare' ? '' : percent(median(ratios(kind, 'cpu'))),
    spread(column(kind, 'peak'), 1),
    kind === 'bare' ? '' : percent(median(ratios(kind, 'peak'))),
    number(median(column(kind, 'threads')), 0),
    number(median(column(kind, 'switches')), 0),
    number(median(column(kind, 'frames')), 1),
  ]);
  const diff = differences(runs.bare[0].description, runs.chatpeer[0].description);
  return [
    table(['one process of the call', 'CPU, % of a core', 'to bare', 'peak memory, MiB', 'to bare', 'threads', 'context switches/s', 'frames/s in'], rows),
    `${rounds} round${rounds > 1 ? 's' : ''} of ${seconds} s each; the ratios are medians of the rounds' ratios.`,
    diff.length ? `Elements that differ (bare → chatpeer): ${diff.join('; ')}.` : 'Both have the same elements with the same settings.',
  ].join('\n\n');
}
