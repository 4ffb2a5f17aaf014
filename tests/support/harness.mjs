// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs named cases, a few at a time, each with a deadline and its own clean-up.
//
//   test('name', async (t) => {…}, { seconds: 150, alone: true })
//   await run()            reads --list, --only=TEXT, --jobs=N from the command line
//
// Output: one line "ok - NAME" or "not ok - NAME # why" a case. Exit code 0 or 1.

const cases = [];

// Of the longest tables CI takes every second line; whoever names a suite, all.
export const half = (table) => (process.env.CHAT_TESTS === 'half' ? table.filter((_, n) => n % 2 === 0) : table);

export class Failure extends Error {}

export function test(name, body, options = {}) {
  cases.push({ name, body, seconds: 150, alone: false, skip: null, ...options });
}

export function check(condition, what) {
  if (!condition)
    throw new Failure(what);
}

export function equal(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e)
    throw new Failure(`${what}: expected ${e}, got ${a}`);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until fn() is true-ish and returns that value. What is thrown by fn
// means "not yet"; the last such error is part of the failure's text.
export async function until(fn, what, ms = 15000) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      const value = await fn();
      if (value)
        return value;
      last = value;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end)
      throw new Failure(`waited ${ms} ms for ${typeof what === 'function' ? await what() : what}`
        + (last === undefined || last === false || last === null ? '' : `; last: ${last}`));
    await pause(50);
  }
}

// What a case gets: what it defers is undone in reverse order when it ends,
// however it ends.
class Case {
  #undo = [];
  #notes = [];

  constructor(name) {
    this.name = name;
  }

  defer(fn) {
    this.#undo.push(fn);
  }

  // Shown only if the case fails.
  note(text) {
    this.#notes.push(text);
  }

  get notes() {
    return this.#notes;
  }

  async cleanUp() {
    for (const fn of this.#undo.reverse()) {
      try {
        await withDeadline(fn(), 20, 'clean-up');
      } catch (error) {
        this.note(`clean-up: ${error.message}`);
      }
    }
  }
}

function withDeadline(promise, seconds, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`${what} took more than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runCase(entry) {
  if (entry.skip) {
    console.log(`ok - ${entry.name} # SKIP ${entry.skip}`);
    return true;
  }
  const t = new Case(entry.name);
  const began = Date.now();
  let error = null;
  try {
    await withDeadline(entry.body(t), entry.seconds, 'the case');
  } catch (caught) {
    error = caught;
  }
  if (error)
    await Promise.all(t.notes.filter((n) => typeof n === 'function').map((n) => n())).catch(() => {});
  await t.cleanUp();
  const time = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  if (!error) {
    console.log(`ok - ${entry.name} (${time})`);
    return true;
  }
  console.log(`not ok - ${entry.name} (${time}) # ${String(error.message).split('\n')[0]}`);
  const detail = error instanceof Failure ? [] : String(error.stack).split('\n').slice(1, 6);
  for (const line of [...detail, ...t.notes.filter((n) => typeof n === 'string')])
    console.log(`#   ${line}`);
  return false;
}

// jobs: how many cases run at once; setup() and teardown() surround them all.
export async function run({ jobs = 2, setup, teardown } = {}) {
  const option = (name) => process.argv.slice(2)
    .find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
  if (process.argv.includes('--list')) {
    cases.forEach((c) => console.log(c.name));
    return;
  }
  const only = option('only');
  const chosen = cases.filter((c) => !only || c.name.includes(only));
  const width = Number(option('jobs') ?? jobs);
  let bad = 0;
  const one = async (entry) => {
    const good = await runCase(entry);
    bad += good ? 0 : 1;
  };
  try {
    await setup?.();
    const queue = chosen.filter((c) => !c.alone);
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift())
        await one(next);
    };
    await Promise.all(Array.from({ length: width }, worker));
    for (const entry of chosen.filter((c) => c.alone))
      await one(entry);
  } catch (error) {
    console.log(`not ok - set-up # ${error.stack}`);
    bad++;
  } finally {
    await teardown?.();
  }
  console.log(`# ${chosen.length - bad} of ${chosen.length} passed`);
  if (!chosen.length)
    console.log('not ok - nothing to run');
  process.exit(bad || !chosen.length ? 1 : 0);
}
