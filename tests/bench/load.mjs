// SPDX-License-Identifier: LGPL-2.1-or-later
// Many users of one server: gst-chat-server beside real socket.io servers.
//
// The server has one core for itself and the generator, load.c, another. Each
// round starts every server anew, another one first each time.
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { Program } from './program.mjs';
import { max, min, number, pairRatio, spread, table } from './stats.mjs';

export const title = 'Many users of one server';

const SIZES = [100, 2000, 10000];
const JOINS = 2000;
const NODES = ['4.8.4', '2.5.1'];
const OURS = 'gst-chat-server';
const loads = [];
const pinned = os.cpus().length > 1;
const onCore = (core, words) => pinned ? ['taskset', '-c', String(core), ...words] : words;

function servers(ctx) {
  return [
    { name: OURS, eio: 4, command: [path.join(ctx.build, 'gst/server/gst-chat-server'), '--port=0', '--no-limits'] },
    ...NODES.map(version => ({
      name: `socket.io ${version}`,
      eio: version.startsWith('2.') ? 3 : 4,
      command: [process.execPath, path.join(ctx.root, 'tests/support/base-relay.mjs'), version],
    })),
  ];
}

// {port, pid, stop}
async function start(server, extra) {
  const [program, ...args] = onCore(0, [...server.command, ...extra]);
  // A server that is alone must not be ended by the end of its input.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise(resolve => child.once('close', resolve));
  const port = await new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).on('line', line => {
      const found = /"port":(\d+)/.exec(line) ?? /http:\/\/[^/]*:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
    child.once('error', reject);
    child.once('close', code => reject(new Error(`${server.name} ended with ${code}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), 10000);
    await exited;
    clearTimeout(insist);
  };
  return { port, pid: child.pid, stop };
}

async function measure(ctx, server, users, joining, seconds) {
  const rooms = !joining && server.name !== OURS ? ['--rooms'] : [];
  const running = await start(server, rooms);
  try {
    const [file, ...args] = onCore(1, [ctx.program('load'), `--port=${running.port}`, `--pid=${running.pid}`,
      `--eio=${server.eio}`, `--users=${users}`, `--seconds=${seconds}`, ...joining ? ['--join'] : []]);
    const load = new Program(file, args);
    const { code } = await load.exited;
    if (code !== 0 || load.lines.length !== 1)
      throw new Error(`${server.name}, ${users} users: ${load.stderr.trim() || `load ended with ${code}`}`);
    const figures = load.lines[0];
    loads.push(os.loadavg()[0]);
    ctx.line({ bench: 'load', server: server.name, joining, load: loads.at(-1), ...figures });
    return figures;
  } finally {
    await running.stop();
  }
}

// What each row is called, its member, its digits.
const CALL_ROWS = [
  ['connections a second', 'connections_per_s', 0],
  ['CPU a connection, µs', 'cpu_us_per_connection', 0],
  ['memory a connection, KiB', 'kib_per_connection', 2],
  ['memory of the process, MiB', 'mib_total', 1],
  ['calls a second, up to 64 at once', 'calls_per_s', 0],
  ['CPU a relayed message, µs', 'cpu_us_per_message', 1],
  ['a call of 500 a second, ms: p50', 'p50_ms', 2],
  ['… p99', 'p99_ms', 2],
  ['… CPU a relayed message, µs', 'paced_cpu_us_per_message', 1],
];
const JOIN_ROWS = [
  ['until everybody knows everybody, s', 'seconds', 2],
  ['CPU time, s', 'cpu_s', 2],
];

function rows(names, results, lines) {
  const values = (name, key) => results.get(name).map(r => key === 'mib_total' ? r.kib_total / 1024 : r[key]);
  return lines.map(([what, key, digits]) => [what,
    ...names.map(name => spread(values(name, key), digits)),
    ...names.slice(1).map(name => {
      const pairs = values(name, key).map((other, i) => [other, values(OURS, key)[i]]);
      return number(pairRatio(pairs), 2);
    })]);
}

async function rounds(ctx, n, users, joining, seconds) {
  const all = servers(ctx);
  const results = new Map(all.map(s => [s.name, []]));
  for (let round = 0; round < n; round++) {
    for (let i = 0; i < all.length; i++) {
      const server = all[(i + round) % all.length];
      results.get(server.name).push(await measure(ctx, server, users, joining, seconds));
    }
  }
  const names = all.map(s => s.name);
  const head = ['median (smallest–largest)', ...names, ...NODES.map(v => `ratio to ${v}`)];
  return { names, results, head };
}

export async function run(ctx) {
  const sizes = ctx.sizes ?? (ctx.full ? SIZES : [100]);
  const seconds = ctx.full ? 3 : 1;
  const n = ctx.rounds ?? (ctx.full ? 3 : 1);
  const parts = [];
  for (const users of sizes) {
    const { names, results, head } = await rounds(ctx, n, users, false, seconds);
    parts.push(`${users} users, in rooms of two:`, table(head, rows(names, results, CALL_ROWS)));
  }
  const joins = ctx.full ? JOINS : 200;
  const { names, results, head } = await rounds(ctx, n, joins, true, seconds);
  parts.push(`${joins} users enter one room:`, table(head, rows(names, results, JOIN_ROWS)));
  parts.push(`${n} rounds, each server started anew in each; the server has one core${pinned ? '' : ' together with the generator'}, `
    + `the generator ${pinned ? 'another' : 'the same'}, both shared with whatever else the machine does. `
    + `Load average of the machine meanwhile: ${number(min(loads), 1)} to ${number(max(loads), 1)}.`);
  return parts.join('\n\n');
}
