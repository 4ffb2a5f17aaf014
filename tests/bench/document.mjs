// SPDX-License-Identifier: LGPL-2.1-or-later
import fs from 'node:fs';

const FILE = new URL('../../docs/benchmarks.md', import.meta.url);

// Puts @text between the marks of @name in docs/benchmarks.md.
export function write(name, text) {
  const doc = fs.readFileSync(FILE, 'utf8');
  const begin = `<!-- bench:${name} -->`, end = '<!-- end -->';
  const from = doc.indexOf(begin), to = doc.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/benchmarks.md has no marks for ${name}`);
  fs.writeFileSync(FILE, `${doc.slice(0, from + begin.length)}\n${text}\n${doc.slice(to)}`);
}
