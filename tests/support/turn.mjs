// SPDX-License-Identifier: LGPL-2.1-or-later
// A real TURN server, and a network that takes its time to reach it.
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from './harness.mjs';
import { Child } from './servers.mjs';

const bound = (socket) => new Promise((resolve, reject) => {
  socket.once('error', reject);
  socket.bind(0, '127.0.0.1', () => resolve(socket.address().port));
});

// A port that is free; coturn takes 0 for its own default.
async function freePort() {
  const socket = createSocket('udp4');
  const port = await bound(socket);
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

// Nothing but UDP. Newer coturn stops at an option that it has lost.
export function udpOnly() {
  const help = spawnSync('turnserver', ['--help'], { encoding: 'utf8' });
  return ['--no-cli', '--no-tls', '--no-dtls'].filter((option) => `${help.stdout}${help.stderr}`.includes(`${option}\t`));
}

// Whether a STUN server answers a binding request there.
async function answers(port) {
  const socket = createSocket('udp4');
  await bound(socket);
  try {
    return await new Promise((resolve) => {
      socket.once('message', () => resolve(true));
      setTimeout(() => resolve(false), 300);
      socket.send(Buffer.from('000100002112a442000102030405060708090a0b', 'hex'), port, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}

// coturn on this machine alone: {port, iceServer(port)}.
export async function startTurn(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chat-turn-'));
  t.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const child = new Child(t, 'turnserver', ['-n', ...udpOnly(), '--log-file=stdout', '--simple-log',
    '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', '--allow-loopback-peers', `--listening-port=${port}`,
    '--lt-cred-mech', '--user=test:secret', '--realm=test', `--pidfile=${folder}/pid`, `--userdb=${folder}/db`]);
  await until(async () => {
    if (child.ended !== null)
      throw new Error(`it has ended: ${child.lines.slice(-3).join(' | ')}`);
    return answers(port);
  }, 'coturn to answer');
  return { port, iceServer: (at = port) => ({ urls: `turn:127.0.0.1:${at}?transport=udp`, username: 'test', credential: 'secret' }) };
}

// Passes datagrams on to @port and back, each @ms late: its own port.
export async function startDelay(t, port, ms) {
  const front = createSocket('udp4');
  const backs = new Map();
  const timers = new Set();
  const later = (work) => {
    const timer = setTimeout(() => { timers.delete(timer); work(); }, ms);
    timers.add(timer);
  };
  front.on('message', (data, { port: from }) => {
    let back = backs.get(from);
    if (!back) {
      back = createSocket('udp4');
      back.on('message', (answer) => later(() => front.send(answer, from, '127.0.0.1')));
      backs.set(from, back);
    }
    later(() => back.send(data, port, '127.0.0.1'));
  });
  const own = await bound(front);
  t.defer(() => {
    timers.forEach(clearTimeout);
    [front, ...backs.values()].forEach((socket) => socket.close());
  });
  return own;
}
