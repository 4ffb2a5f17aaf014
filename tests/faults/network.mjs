// SPDX-License-Identifier: LGPL-2.1-or-later
// A network of its own for a case: the namespace m with the server and a
// switch, and a and b, each on a cable to it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { until } from '../support/harness.mjs';
import { Child } from '../support/servers.mjs';

export const SERVER = '10.77.0.1';
const FIRST = { a: '10.77.0.2', b: '10.77.0.3' };
const OTHER = { a: '10.77.0.12', b: '10.77.0.13' };
const SEED = process.env.FAULTS_SEED ?? '1';

function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

export function mayMakeNamespaces() {
  const name = `chat${process.pid}try`;
  const may = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (may)
    spawnSync('ip', ['netns', 'delete', name]);
  return may;
}

let networks = 0;

// Of cases that are cut short: nobody else would take them away.
const namespaces = new Set();
const remove = (name) => namespaces.delete(name) && spawnSync('ip', ['netns', 'delete', name]);

function clear(name) {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch { /* it has ended */ }
  }
  remove(name);
}

process.on('exit', () => [...namespaces].forEach(clear));
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => process.exit(1));

export class Network {
  #prefix = `chat${process.pid}n${++networks}`;
  #address = { ...FIRST };
  #bad = null;

  name(end) {
    return `${this.#prefix}${end}`;
  }

  // bad: the end whose cable can be made a bad one.
  static async make(t, bad, build) {
    const network = new Network();
    for (const end of ['m', 'a', 'b']) {
      ip('netns', 'add', network.name(end));
      namespaces.add(network.name(end));
      t.defer(() => remove(network.name(end)));
      ip('-n', network.name(end), 'link', 'set', 'lo', 'up');
    }
    const m = ['-n', network.name('m')];
    ip(...m, 'link', 'add', 'switch', 'type', 'bridge');
    ip(...m, 'address', 'add', `${SERVER}/24`, 'dev', 'switch');
    ip(...m, 'link', 'set', 'switch', 'up');
    for (const end of ['a', 'b']) {
      if (end === bad)
        await network.#badCable(t, end, build);
      else
        ip(...m, 'link', 'add', `to-${end}`, 'type', 'veth', 'peer', 'name', 'to-m', 'netns', network.name(end));
      ip(...m, 'link', 'set', `to-${end}`, 'master', 'switch', 'up');
      network.#use(end, FIRST[end]);
      network.up(end);
    }
    return network;
  }

  async #badCable(t, end, build) {
    this.#bad = new Child(t, path.join(build, 'tests/faults/bad-line'), [this.name('m'), `to-${end}`, this.name(end), 'to-m', SEED]);
    await until(() => this.#bad.lines.includes('ready'), 'the bad cable');
  }

  #use(end, address) {
    ip('-n', this.name(end), 'address', 'add', `${address}/24`, 'dev', 'to-m');
    this.#address[end] = address;
  }

  // "loss 0.1", "delay 300", "rate 500000"; 0 of each is a good cable again.
  impair(setting) {
    this.#bad.send(setting);
  }

  down(end) {
    ip('-n', this.name(end), 'link', 'set', 'to-m', 'down');
  }

  // What a network manager does when the cable is back.
  up(end) {
    ip('-n', this.name(end), 'link', 'set', 'to-m', 'up');
    ip('-n', this.name(end), 'route', 'replace', 'default', 'via', SERVER);
  }

  otherAddress(end) {
    ip('-n', this.name(end), 'address', 'delete', `${this.#address[end]}/24`, 'dev', 'to-m');
    this.#use(end, OTHER[end]);
    this.up(end);
  }

  command(end, program, args) {
    return ['ip', ['netns', 'exec', this.name(end), program, ...args]];
  }
}
