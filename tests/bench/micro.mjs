// SPDX-License-Identifier: LGPL-2.1-or-later
// What small pure parts cost, on the first offer that a Chromium makes.
import path from 'node:path';
import { Program } from './program.mjs';
import { table } from './stats.mjs';

export const title = 'Small parts';

export async function run(ctx) {
  const offer = path.join(ctx.root, 'tests/vectors/sdp/chromium-av-offer1.sdp');
  const program = new Program(ctx.program('micro'), [offer, ctx.full ? '101' : '3'], { env: ctx.env });
  const { code } = await program.exited;
  if (code !== 0) throw new Error(`micro ended with ${code}\n${program.stderr}`);
  const input = program.lines[0].input;
  const results = program.lines.filter(l => l.micro).map(l => l.micro);
  results.forEach(r => ctx.line({ bench: 'micro', ...r }));
  const us = ns => (ns / 1000).toFixed(ns < 100 ? 3 : ns < 10000 ? 2 : 1);
  return [
    table(['on an offer of Chromium', 'µs, median', 'fastest batch', 'slowest batch'],
      results.map(r => [r.name, us(r.median_ns), us(r.min_ns), us(r.max_ns)])),
    `The SDP has ${input.sdp} bytes, the payload of \`call-user\` ${input.payload}. ${results[0].batches} batches of about 5 ms of each case, taking turns.`,
  ].join('\n\n');
}
