// SPDX-License-Identifier: LGPL-2.1-or-later
// Media through a real coturn, with credentials that gst-chat-server gives. Our
// two ends are in network namespaces that reach the one with server and relay,
// and not each other.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { check, equal, test, until } from '../support/harness.mjs';
import { Child } from '../support/servers.mjs';
import { udpOnly } from '../support/turn.mjs';

const build = path.resolve(process.argv[2] ?? 'build');
const SECRET = 'the secret of server and relay';

function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

// Three namespaces: a and b each have a cable to m, which forwards nothing.
function makeNetwork(t) {
  const prefix = `chat${process.pid}`;
  const name = (end) => `${prefix}${end}`;
  for (const end of ['m', 'a', 'b']) {
    ip('netns', 'add', name(end));
    t.defer(() => ip('netns', 'delete', name(end)));
    ip('-n', name(end), 'link', 'set', 'lo', 'up');
  }
  for (const [i, end] of ['a', 'b'].entries()) {
    ip('-n', name('m'), 'link', 'add', `to-${end}`, 'type', 'veth', 'peer', 'name', 'to-m', 'netns', name(end));
    ip('-n', name('m'), 'address', 'add', `10.77.${i}.1/24`, 'dev', `to-${end}`);
    ip('-n', name(end), 'address', 'add', `10.77.${i}.2/24`, 'dev', 'to-m');
    ip('-n', name('m'), 'link', 'set', `to-${end}`, 'up');
    ip('-n', name(end), 'link', 'set', 'to-m', 'up');
    // So that both know the relay by one address; m forwards nothing to it.
    ip('-n', name(end), 'route', 'add', 'default', 'via', `10.77.${i}.1`);
  }
  spawnSync('ip', ['netns', 'exec', name('m'), 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward']);
  return (end, program, args) => new Child(t, 'ip', ['netns', 'exec', name(end), program, ...args],
    { name: path.basename(program),
      env: { GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'), GST_REGISTRY_1_0: path.join(build, 'registry.bin') } });
}

function mayMakeNamespaces() {
  const name = `chat${process.pid}try`;
  const may = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (may)
    spawnSync('ip', ['netns', 'delete', name]);
  return may;
}

const peer = (name, more) => `chatpeer name=peer uri=chat://10.77.${name === 'Anna' ? 0 : 1}.1:5000 display-name=${name}
  ${more} videotestsrc is-live=true pattern=ball foreground-color=${name === 'Anna' ? '0xffff0000' : '0xff0000ff'} !
  video/x-raw,width=320,height=240 ! peer. audiotestsrc is-live=true freq=${name === 'Anna' ? 440 : 880} ! peer.
  peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck
  peer. ! queue ! audioconvert ! fakesink name=acheck`;

const skip = mayMakeNamespaces() ? null : 'no network namespaces here';

for (const policy of ['relay', 'all']) {
  test(`relay: a call through coturn with credentials of our server, ice-transport-policy=${policy}`, async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'chat-relay-'));
    t.defer(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'secret'), `${SECRET}\n`);
    const run = makeNetwork(t);

    const coturn = run('m', 'turnserver', ['-n', ...udpOnly(), '--use-auth-secret',
      `--static-auth-secret=${SECRET}`, '--realm=chat', '--listening-ip=10.77.0.1', '--listening-port=3478',
      '--relay-ip=10.77.0.1', '--allow-loopback-peers', `--pidfile=${folder}/pid`, `--userdb=${folder}/db`,
      '--log-file=stdout', '--simple-log', '-v']);
    const server = run('m', path.join(build, 'gst/server/gst-chat-server'), ['--address=0.0.0.0', '--port=5000',
      '--turn-uri=turn:10.77.0.1:3478?transport=udp', `--turn-secret-file=${path.join(folder, 'secret')}`]);
    await until(() => server.lines.some((l) => l.includes('open http')), 'the server');
    await until(() => coturn.lines.some((l) => /UDP listener opened/.test(l)), 'coturn');

    const probe = path.join(build, 'tests/support/media-probe');
    const anna = run('a', probe, [peer('Anna', `ice-transport-policy=${policy} call=Bert`).replace(/\s+/g, ' ')]);
    const bert = run('b', probe, [peer('Bert', `ice-transport-policy=${policy}`).replace(/\s+/g, ' ')]);
    for (const [end, colour, hz] of [[anna, 'blue', 880], [bert, 'red', 440]]) {
      await end.json((v) => v.video?.sink === 'vcheck' && v.video.colour === colour && v.video.moving, colour, 60000);
      await end.json((v) => v.audio?.sink === 'acheck' && v.audio.tone && Math.abs(v.audio.hz - hz) < 10, `${hz} Hz`, 60000);
    }
    const users = new Set(coturn.lines.map((l) => /user <(\d+:[\w-]{20})>/.exec(l)?.[1]).filter(Boolean));
    check(users.size >= 1, `coturn knows them by our user names, not ${[...users]}`);
    check(!coturn.lines.some((l) => l.includes('ALLOCATE') && /error 4[03]1: Wrong|Forbidden/.test(l)), 'nobody is refused');
    equal([anna.ended, bert.ended], [null, null], 'both are still there');
  }, { skip, seconds: 150 });
}
