// SPDX-License-Identifier: LGPL-2.1-or-later
// What a chatpeer call costs beside the same call on a plain webrtcbin: CPU
// time, memory and threads of one process, 640x480 at 30 frames a second in VP8
// and Opus, both ways.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Program } from './program.mjs';
import { startServer } from '../support/servers.mjs';
import { median, number, pairRatio, percent, spread, table } from './stats.mjs';

export const title = 'CPU time and memory of a call';

// Each begins a call; both processes measure themselves in a window of their own.
const kinds = {
  bare(ctx, args) {
    let offerer = null;
    const file = ctx.program('bare-call');
    const all = [...args, '--pem', ctx.pem];
    const answerer = new Program(file, all, { env: ctx.env, onSignal: l => offerer.send(l) });
    offerer = new Program(file, [...all, '--offer'], { env: ctx.env, onSignal: l => answerer.send(l) });
    return [offerer, answerer];
  },
  chatpeer(ctx, args, room) {
    const file = ctx.program('peer-call');
    const all = [...args, '--uri', ctx.uri, '--room', room];
    const answerer = new Program(file, [...all, '--name', 'answerer'], { env: ctx.env });
    const offerer = new Program(file, [...all, '--name', 'offerer', '--call', 'answerer'], { env: ctx.env });
    return [offerer, answerer];
  },
};

// Of the same kind as chatpeer's, so that it is not the RSA of GStreamer's own.
function makeCertificate(ctx) {
  const [key, certificate] = ['key.pem', 'certificate.pem'].map(n => path.join(ctx.tmp, n));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
    '-nodes', '-subj', '/CN=bench', '-days', '2', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const both = path.join(ctx.tmp, 'both.pem');
  fs.writeFileSync(both, fs.readFileSync(certificate, 'utf8') + fs.readFileSync(key, 'utf8'));
  return both;
}

async function finish(programs, seconds) {
  try {
    const results = await Promise.all(programs.map(p => p.wait('result', { seconds: seconds + 60 })));
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

// Two calls at the same time, so that both get the same of what else goes on
// in the machine: their ratio is far steadier than that of two calls in turn.
async function side(ctx, first, second, args, seconds, room) {
  const swap = Number(room) % 2 === 1;
  const order = swap ? [second, first] : [first, second];
  const calls = order.map((kind, i) => kinds[kind](ctx, args, `${room}-${i}`));
  const results = await Promise.all(calls.map(c => finish(c, seconds)));
  return swap ? results.reverse() : results;
}

export async function run(ctx) {
  const seconds = ctx.full ? 20 : 4;
  const rounds = ctx.full ? 6 : 1;
  const args = ['--seconds', `${seconds}`, '--settle', ctx.full ? '4' : '1'];
  ctx.pem = makeCertificate(ctx);
  const server = await startServer(null, ctx.build);
  ctx.uri = server.url.replace('http:', 'chat:');
  const pairs = { chatpeer: [], bare: [] };
  try {
    for (let i = 0; i < rounds; i++) {
      for (const [n, kind] of Object.keys(pairs).entries()) {
        const pair = await side(ctx, 'bare', kind, args, seconds, `${2 * i + n}`);
        pair.forEach(({ description, ...figures }, k) => ctx.line({ bench: 'cost', round: i, against: kind, side: k ? kind : 'bare', ...figures }));
        pairs[kind].push(pair);
      }
    }
  } finally {
    await server.child.stop();
  }

  const row = (name, kind, which) => {
    const of = key => pairs[kind].map(p => p[which][key]);
    const ratio = key => which ? percent(pairRatio(pairs[kind].map(p => p.map(r => r[key])))) : '';
    return [name, spread(of('cpu'), 2), ratio('cpu'), spread(of('peak'), 1), ratio('peak'),
      number(median(of('threads')), 0), number(median(of('switches')), 0), number(median(of('frames')), 1)];
  };
  const [bare, peer] = pairs.chatpeer[0].map(r => r.description);
  const diff = differences(bare, peer);
  return [
    table(['one process of the call', 'CPU, % of a core', 'to bare', 'peak memory, MiB', 'to bare', 'threads', 'context switches/s', 'frames/s in'], [
      row('bare webrtcbin', 'chatpeer', 0),
      row('chatpeer', 'chatpeer', 1),
      row('bare beside bare', 'bare', 1),
    ]),
    `Two calls of two processes each at the same time, ${rounds} round${rounds > 1 ? 's' : ''} of ${seconds} s; medians (smallest–largest), the ratios are medians of the rounds' ratios. The last row is a bare call beside a bare call: what the method itself gets wrong.`,
    diff.length ? `Elements of the offerer that differ (bare → chatpeer): ${diff.join('; ')}.` : 'Both have the same elements with the same settings.',
  ].join('\n\n');
}
