// SPDX-License-Identifier: LGPL-2.1-or-later
// A bench program as a child: lines of JSON out of it, lines of text into it.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

export class Program {
  // Lines that begin with "@" are for the other side: onSignal(line).
  constructor(file, args, { env = {}, onSignal = null } = {}) {
    this.name = `${file.split('/').pop()} ${args.join(' ')}`;
    this.lines = [];
    this.waiters = new Set();
    this.stderr = '';
    this.child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdin.on('error', () => {});
    this.child.stderr.on('data', d => { this.stderr = (this.stderr + d).slice(-4000); });
    readline.createInterface({ input: this.child.stdout }).on('line', line => {
      if (line.startsWith('@')) {
        onSignal?.(line);
      } else if (line.startsWith('{')) {
        this.lines.push(JSON.parse(line));
        this.#wake();
      }
    });
    this.exited = new Promise(resolve => this.child.on('close', (code, signal) => {
      this.exit = { code, signal };
      this.#wake();
      resolve(this.exit);
    }));
    this.child.on('error', e => { this.stderr += e; });
  }

  #wake() {
    for (const w of [...this.waiters]) w();
  }

  send(line) {
    this.child.stdin.write(`${line}\n`);
  }

  // The first line from line `from` on that match() likes.
  async line(match, what, { from = 0, seconds = 30 } = {}) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = this.lines.slice(from).find(match);
      if (found) return found;
      if (this.exit || Date.now() > deadline)
        throw new Error(`${this.name}: no ${what} ${this.exit ? `, it ended with ${JSON.stringify(this.exit)}` : `within ${seconds} s`}; ${this.stderr}`);
      await new Promise(resolve => {
        const w = () => { clearTimeout(timer); this.waiters.delete(w); resolve(); };
        const timer = setTimeout(w, Math.max(1, deadline - Date.now()));
        this.waiters.add(w);
      });
    }
  }

  // The value of the first line that has member `key`.
  async wait(key, options) {
    return (await this.line(l => key in l, `"${key}"`, options))[key];
  }

  async stop() {
    if (!this.exit) {
      this.send('quit');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 10000);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exit;
  }
}
