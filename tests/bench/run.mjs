#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the benches: run.mjs [BUILD] [NAME…] [--full] [--write] [--users=N,N…] [--rounds=N]
// BUILD is a folder (default: build). Without --full each bench runs briefly,
// to see that it completes: `ok - NAME` or `not ok - NAME # why` for each. JSON
// lines go to stdout as they come, each bench's table behind its own. --write
// puts the tables into docs/benchmarks.md, between the marks of each bench.
// --users and --rounds are for `load`: at which sizes, and how often each.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { write } from './document.mjs';
import { machine } from './machine.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(path.dirname(here));
const names = ['setup', 'cost', 'latency', 'resume', 'micro', 'load'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    users: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const folders = positionals.filter(p => !names.includes(p));
const chosen = positionals.filter(p => names.includes(p));
const build = path.resolve(folders[0] ?? path.join(root, 'build'));
if (folders.length > 1 || !fs.existsSync(path.join(build, 'tests/bench'))) {
  console.error(`run.mjs: ${folders.join(', ') || build} is neither a build folder nor a bench (${names.join(', ')})`);
  process.exit(2);
}

const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'chat-bench-'));
const ctx = {
  root, build, tmp,
  full: options.full,
  sizes: options.users?.split(',').map(Number),
  rounds: options.rounds && Number(options.rounds),
  program: name => path.join(build, 'tests/bench', name),
  env: {
    GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'),
    GST_REGISTRY_1_0: path.join(tmp, 'registry.bin'),
  },
  line: object => console.log(JSON.stringify(object)),
};

let failed = false;
try {
  const about = machine(build);
  console.log(about);
  if (options.write) write('machine', about);
  for (const name of chosen.length ? chosen : names) {
    try {
      const bench = await import(`./${name}.mjs`);
      const text = await bench.run(ctx);
      console.log(`\n### ${bench.title}\n\n${text}\n`);
      if (options.write) write(name, text);
      console.log(`ok - ${name}`);
    } catch (e) {
      console.log(`not ok - ${name} # ${e.message.split('\n')[0]}`);
      console.error(e.stack);
      failed = true;
    }
  }
} finally {
  fs.rmSync(tmp, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
