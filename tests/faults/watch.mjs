// SPDX-License-Identifier: LGPL-2.1-or-later
// One side of a call in its namespace, as call-watch and page-watch tell of it.
import { readFileSync, readdirSync } from 'node:fs';
import { until } from '../support/harness.mjs';
import { Child } from '../support/servers.mjs';

// Monotonic seconds: the clock of the lines.
export const now = () => Number(process.hrtime.bigint() / 1000n) / 1e6;

// The longest a call that goes well is without a new picture or tone, on a
// machine that has other things to do as well.
const FLOWS = 1.5;

// How late this process's own timer was, the latest between from and to: what
// the machine did not get done then is no fault of the call.
const LOOK = 0.1;
const late = [];
let next = now() + LOOK;
setInterval(() => {
  late.push({ at: now(), by: now() - next });
  next = now() + LOOK;
}, 1000 * LOOK).unref();

export const lateness = (from, to) => Math.max(0, ...late.filter(({ at }) => at >= from && at <= to).map(({ by }) => by));

// A process and all below it.
function tree(pid) {
  const children = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8'))[1];
      children.set(parent, [...(children.get(parent) ?? []), entry]);
    } catch { /* it has ended */ }
  }
  const all = [String(pid)];
  for (let n = 0; n < all.length; n++)
    all.push(...(children.get(all[n]) ?? []));
  return all.map(Number);
}

export class Watch extends Child {
  constructor(t, kind, [program, args], options) {
    super(t, program, args, options);
    this.kind = kind;
    this.events = [];
    this.flow = { picture: [], tone: [] };
    this.#parsed = 0;
  }

  #parsed;
  #stopped = [];

  // What it has seen, the case says in words.
  report(t) {
    this.errors.slice(-6).forEach((line) => t.note(`${this.name}: ${line.slice(0, 300)}`));
  }

  // Reads what has come since the last time.
  look() {
    for (; this.#parsed < this.lines.length; this.#parsed++) {
      let line;
      try {
        line = JSON.parse(this.lines[this.#parsed]);
      } catch {
        continue;
      }
      const at = line.at / 1e6;
      if (line.picture)
        this.flow.picture.push(at);
      else if (line.tone)
        this.flow.tone.push(at);
      else
        this.events.push({ ...line, at });
    }
    return this;
  }

  last(key) {
    return this.look().events.findLast((e) => e[key] !== undefined)?.[key];
  }

  since(at) {
    return this.look().events.filter((e) => e.at >= at);
  }

  wait(match, what, ms) {
    return until(() => {
      if (this.ended !== null)
        throw new Error(`it has ended (${this.ended}): ${this.errors.slice(-3).join(' | ')}`);
      return match(this.look());
    }, () => `${this.name}: ${what}, last: ${JSON.stringify(this.events.slice(-4))}`, ms);
  }

  // Both kinds of media, without a gap for so long.
  flowsFor(seconds, until_ = now()) {
    this.look();
    return this.gap('picture', until_ - seconds, until_) < FLOWS && this.gap('tone', until_ - seconds, until_) < FLOWS;
  }

  // The longest time without, between from and to; what it began in counts whole.
  gap(kind, from, to) {
    let [longest, before] = [0, from];
    for (const at of this.flow[kind]) {
      if (at < from)
        continue;
      if (at > to)
        break;
      longest = Math.max(longest, at - before);
      before = at;
    }
    return Math.max(longest, to - before);
  }

  // When both kinds have come again after from, for good until to; null: never.
  back(from, to) {
    let at = from;
    for (const kind of ['picture', 'tone']) {
      const times = this.flow[kind].filter((x) => x >= from && x <= to);
      if (!times.length || to - times.at(-1) > FLOWS)
        return null;
      const start = times.findLastIndex((x, n) => n > 0 && x - times[n - 1] > 2 * FLOWS);
      at = Math.max(at, times[Math.max(start, 0)]);
    }
    return at;
  }

  // One of chatpeer's statistics, second by second.
  figures(name, from, to) {
    return this.since(from).filter((e) => e.stats && e.at <= to)
      .map((e) => Number(new RegExp(`${name}=\\(double\\)([-\\d.e+]+)`).exec(e.stats)?.[1])).filter(Number.isFinite);
  }

  // The end of the call after from: {at, why}; undefined: it goes on.
  end(from) {
    const events = this.since(from);
    const end = events.find((e) => e.call === 'idle');
    return end && { at: end.at, why: end.reason ?? end.words ?? '' };
  }

  // The process that makes the call; of a browser it says itself which.
  get target() {
    return this.last('pid') ?? this.process.pid;
  }

  signal(name) {
    for (const pid of name === 'SIGCONT' ? this.#stopped : tree(this.target)) {
      try {
        process.kill(pid, name);
      } catch { /* it has ended by itself */ }
      if (name === 'SIGSTOP')
        this.#stopped.push(pid);
    }
  }

  // A page takes its browser with it, which takes a moment.
  async stop(signal) {
    this.signal('SIGCONT');
    this.process.stdin.end();
    await until(() => this.ended !== null, 'the end', 8000).catch(() => {});
    return super.stop(signal);
  }
}
