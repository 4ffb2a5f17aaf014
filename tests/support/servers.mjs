// SPDX-License-Identifier: LGPL-2.1-or-later
// Child processes of the tests: our server, real socket.io servers, pipelines.
// Each is ended with the case that started it, by its process id.
import { spawn } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './harness.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const SOURCE = path.resolve(HERE, '../..');
export const PAGE = path.join(SOURCE, 'gst/server/page');
export const VERSIONS = ['2.3.0', '2.5.1', '3.1.2', '4.8.4'];

// A child whose output is kept by line. Its last lines are noted if the case fails.
export class Child {
  lines = [];
  errors = [];
  ended = null;

  constructor(t, program, args, { env = {}, name = path.basename(program) } = {}) {
    this.name = name;
    this.process = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.exit = new Promise((resolve) => {
      this.process.once('error', (error) => { this.errors.push(String(error)); this.ended = -1; resolve(-1); });
      this.process.once('close', (code, signal) => { this.ended = signal ?? code; resolve(this.ended); });
    });
    this.process.stdin.on('error', () => {});
    createInterface(this.process.stdout).on('line', (line) => this.lines.push(line));
    createInterface(this.process.stderr).on('line', (line) => this.errors.push(line));
    t?.note(() => this.report(t));
    t?.defer(() => this.stop());
  }

  report(t) {
    for (const line of [...this.lines.slice(-6), ...this.errors.slice(-12)])
      t.note(`${this.name}: ${line.slice(0, 300)}`);
  }

  send(line) {
    this.process.stdin.write(`${line}\n`);
  }

  // The first JSON line for which @match is true.
  json(match, what, ms = 20000) {
    return until(() => {
      for (const line of this.lines) {
        let value;
        try {
          value = JSON.parse(line);
        } catch {
          continue;
        }
        if (match(value))
          return value;
      }
      if (this.ended !== null)
        throw new Error(`${this.name} has ended (${this.ended}): ${this.errors.slice(-3).join(' | ')}`);
      return false;
    }, `${what} from ${this.name}`, ms);
  }

  // Asks it to end, insists after five seconds.
  async stop(signal = 'SIGTERM') {
    if (this.ended !== null)
      return this.ended;
    this.process.kill(signal);
    const insist = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.exit;
    clearTimeout(insist);
    return this.ended;
  }
}

// A real socket.io server with the base relay: {url, child}. @page: a folder
// to serve beside it.
export async function startRelay(t, version = '4.8.4', { page, literal = false, rooms = false } = {}) {
  const args = [path.join(HERE, 'base-relay.mjs'), version];
  if (page)
    args.push(`--page=${page}`);
  if (literal)
    args.push('--literal');
  if (rooms)
    args.push('--rooms');
  const child = new Child(t, process.execPath, args, { name: `socket.io ${version}` });
  const { port } = await child.json((v) => v.port, 'a port');
  return { url: `http://127.0.0.1:${port}`, port, child };
}

// gst-chat-server out of @build on a free port.
export async function startServer(t, build, args = []) {
  const program = path.join(build, 'gst/server/gst-chat-server');
  const child = new Child(t, program, ['--port=0', ...args]);
  const port = await until(() => {
    if (child.ended !== null)
      throw new Error(`it has ended (${child.ended}): ${child.errors.slice(-3).join(' | ')}`);
    return [...child.lines, ...child.errors].map((l) => /https?:\/\/[^\s/]*:(\d+)/.exec(l)?.[1]).find(Boolean);
  }, 'the address of gst-chat-server');
  return { url: `http://127.0.0.1:${port}`, port: Number(port), child };
}

function pluginEnv(build) {
  return {
    GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'),
    GST_REGISTRY_1_0: path.join(build, 'registry.bin'),
  };
}

// A pipeline as a user would start it. @flags: of gst-launch-1.0.
// What a process has open, without what is in @before.
export async function descriptors(pid, before = []) {
  const open = [];
  for (const fd of await readdir(`/proc/${pid}/fd`))
    open.push(`${fd} ${await readlink(`/proc/${pid}/fd/${fd}`).catch(() => 'closed')}`);
  return open.filter((line) => !before.includes(line));
}

export function startPipeline(t, build, description, { env = {}, flags = ['-m'] } = {}) {
  return new Child(t, 'gst-launch-1.0', [...flags, ...description.split(/\s+/).filter(Boolean)],
    { env: { ...pluginEnv(build), ...env } });
}

// A pipeline inside tests/support/media-probe, which says what its sinks
// vcheck… see and acheck… hear.
export class Probe extends Child {
  constructor(t, build, description, { env = {} } = {}) {
    super(t, path.join(build, 'tests/support/media-probe'), [description], { env: { ...pluginEnv(build), ...env } });
  }

  // A line that comes from now on.
  next(match, what, ms = 20000) {
    const from = this.lines.length;
    let seen = null;
    return until(() => {
      if (this.ended !== null)
        throw new Error(`it has ended (${this.ended}): ${this.errors.slice(-3).join(' | ')}`);
      for (const line of this.lines.slice(from)) {
        const value = JSON.parse(line);
        seen = value.video ?? value.audio ?? seen;
        if (match(value))
          return value;
      }
      return false;
    }, () => `${what} in the pipeline, last: ${JSON.stringify(seen)}`, ms);
  }

  sees(colour, sink = 'vcheck') {
    return this.next(({ video: v }) => v?.sink === sink && v.colour === colour && v.moving, `a moving ${colour} ball`);
  }

  hears(hz, sink = 'acheck') {
    return this.next(({ audio: a }) => a?.sink === sink && a.tone && Math.abs(a.hz - hz) < 10, `a tone of ${hz} Hz`);
  }
}
