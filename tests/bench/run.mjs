#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the benches: run.mjs [--full] [--write] [--build DIR] [NAME…]
// Without --full each bench runs once, to see that it completes. JSON lines go
// to stdout as they come, the tables behind them. --write puts the tables into
// docs/benchmarks.md, between the marks of each bench.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(path.dirname(here));
const names = ['setup', 'cost', 'latency', 'micro'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    build: { type: 'string', default: process.env.BUILD_DIR || path.join(root, 'build') },
  },
});
const chosen = positionals.length ? positionals : names;
const unknown = chosen.filter(n => !names.includes(n));
if (unknown.length) {
  console.error(`run.mjs: no bench called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

const build = path.resolve(options.build);
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'chat-bench-'));
const ctx = {
  root, build, tmp,
  full: options.full,
  program: name => path.join(build, 'tests/bench', name),
  env: {
    GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'),
    GST_REGISTRY_1_0: path.join(tmp, 'registry.bin'),
  },
  line: object => console.log(JSON.stringify(object)),
};

// Puts @text between the marks of @name in docs/benchmarks.md.
function write(name, text) {
  const file = path.join(root, 'docs/benchmarks.md');
  const doc = fs.readFileSync(file, 'utf8');
  const begin = `<!-- bench:${name} -->`, end = '<!-- end -->';
  const from = doc.indexOf(begin), to = doc.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/benchmarks.md has no marks for ${name}`);
  fs.writeFileSync(file, `${doc.slice(0, from + begin.length)}\n${text}\n${doc.slice(to)}`);
}

let failed = false;
try {
  const about = machine(build);
  console.log(about);
  if (options.write) write('machine', about);
  for (const name of chosen) {
    try {
      const bench = await import(`./${name}.mjs`);
      const text = await bench.run(ctx);
      console.log(`\n### ${bench.title}\n\n${text}\n`);
      if (options.write) write(name, text);
    } catch (e) {
      console.error(`run.mjs: ${name}: ${e.stack}`);
      failed = true;
    }
  }
} finally {
  fs.rmSync(tmp, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
