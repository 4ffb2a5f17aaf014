// SPDX-License-Identifier: LGPL-2.1-or-later
// Secrets, and tokens that are made with them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// A folder with these files, {name: text}; a function that gives their paths.
export function files(t, texts) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chat-files-'));
  t.defer(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(texts))
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  return (name) => path.join(folder, name);
}

export const makeToken = (build, secret, ...args) => execFileSync(path.join(build, 'gst/server/gst-chat-server'),
  ['--make-token', `--auth-secret-file=${secret}`, ...args], { encoding: 'utf8' }).trim();
