// SPDX-License-Identifier: LGPL-2.1-or-later
// gst-chat-server with tokens, and with a key file.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { check, equal, until } from '../support/harness.mjs';
import { Child, startPipeline } from '../support/servers.mjs';
import { files, makeToken as make } from '../support/tokens.mjs';
import { build, serverTest } from './case.mjs';
import { CLIENTS, connect, isOld } from './clients.mjs';

const PROGRAM = path.join(build, 'gst/server/gst-chat-server');
const SECRET = 'this is a secret that nobody knows';

const makeToken = (secret, ...args) => make(build, secret, ...args);

// What a client is told that must not enter.
async function refusal(t, version, url, options) {
  const module = await import(CLIENTS[version]);
  const socket = (module.default ?? module.io)(url, { forceNew: true, reconnection: false, ...options });
  t.defer(() => socket.close());
  let error = null;
  socket.on(isOld(version) ? 'error' : 'connect_error', (e) => { error = e; });
  await until(() => error, 'the refusal');
  return error.message ?? error;
}

const REFUSED = { logs: [/event=refused reason=token /] };

serverTest('tokens: who has one enters, who has none is told why not', async (t, serve) => {
  const secret = files(t, { secret: `${SECRET}\n`, other: 'quite another secret' });
  const server = await serve([`--auth-secret-file=${secret('secret')}`, '--log-level=debug']);
  const any = makeToken(secret('secret'));
  const anna = makeToken(secret('secret'), '--token-name=Anna', '--token-room=x', '--token-time=600');
  for (const version of Object.keys(CLIENTS)) {
    const client = await connect(t, version, server.url, { query: { token: any, name: 'Somebody' } });
    client.socket.close();
    const bound = await connect(t, version, server.url, { query: { token: anna, name: 'Anna', room: 'x' } });
    bound.socket.close();
    equal(await refusal(t, version, server.url), 'This server wants an auth-token', `${version} without`);
    for (const [query, text] of [
      [{ token: makeToken(secret('other')) }, 'The auth-token is not valid here'],
      [{ token: anna, room: 'x' }, 'The auth-token is for another name'],
      [{ token: anna, name: 'Anna' }, 'The auth-token is for another room'],
    ])
      equal(await refusal(t, version, server.url, { query }), text, version);
  }
  const auth = await connect(t, '4.8.4', server.url, { auth: { token: anna, name: 'Anna', room: 'x' } });
  equal(auth.users, [], 'others in that room');
  const short = makeToken(secret('secret'), '--token-time=1');
  await until(() => Date.now() / 1000 >= Number(short.split('.')[0]), 'its end');
  equal(await refusal(t, '4.8.4', server.url, { query: { token: short } }), 'The auth-token has expired', 'after its end');

  const told = [...server.child.lines, ...server.child.errors,
    readFileSync(`/proc/${server.child.process.pid}/cmdline`, 'latin1')].join('\n');
  for (const word of [SECRET, any, anna, short, 'Anna', 'Somebody'])
    check(!told.includes(word), `${word} is not told`);
}, { logs: [/./] });

serverTest('tokens: nobody sees the others before it is let in', async (t, serve) => {
  const secret = files(t, { secret: SECRET });
  const server = await serve([`--auth-secret-file=${secret('secret')}`]);
  const member = await connect(t, '4.8.4', server.url, { auth: { token: makeToken(secret('secret')) } });
  const seen = [];
  for (const version of Object.keys(CLIENTS)) {
    const module = await import(CLIENTS[version]);
    const socket = (module.default ?? module.io)(server.url, { forceNew: true, reconnection: false });
    t.defer(() => socket.close());
    let refused = false;
    for (const name of ['server-info', 'update-user-list', 'call-made', 'hang-up'])
      socket.on(name, () => seen.push(name));
    socket.on(isOld(version) ? 'error' : 'connect_error', () => { refused = true; });
    await until(() => refused, 'the refusal');
    // In spite of that.
    socket.io.engine.write(`42["hang-up",{"to":"${member.socket.id}"}]`);
  }
  const friend = await connect(t, '4.8.4', server.url, { auth: { token: makeToken(secret('secret')) } });
  friend.socket.emit('hang-up', { to: member.socket.id });
  await member.event('hang-up');
  equal([member.of('hang-up').length, seen], [1, []], 'what went through');
}, REFUSED);

serverTest('tokens: chatpeer with auth-token, and what its user is told', async (t, serve) => {
  const secret = files(t, { secret: SECRET, other: 'quite another secret' });
  const server = await serve([`--auth-secret-file=${secret('secret')}`]);
  const good = makeToken(secret('secret'), '--token-name=Peer');
  const watcher = await connect(t, '4.8.4', server.url, { auth: { token: makeToken(secret('secret')) } });
  const uri = `chat://127.0.0.1:${server.port}`;
  const start = (element, token) => startPipeline(t, build,
    `${element} uri=${uri} ${token ? `auth-token=${token} ` : ''}display-name=Peer videotestsrc is-live=true ! fakesink`);
  start('chatpeer', good);
  await until(() => Object.values(watcher.names).includes('Peer'), 'the peer to be there');
  const tells = (child, text) => until(() => [...child.lines, ...child.errors].some((l) => l.includes(text)), text);
  await tells(start('chatpeer'), 'refused the connection: This server wants an auth-token');
  const wrong = startPipeline(t, build,
    `chatsignalsrc uri=${uri} auth-token=${makeToken(secret('other'))} ! fakesink`);
  await tells(wrong, 'refused the connection: The auth-token is not valid here');
  check(await wrong.exit !== 0, 'it ends with an error');
}, REFUSED);

serverTest('the key file: what it has is used, the command line goes before it', async (t, serve) => {
  const config = files(t, {
    secret: SECRET,
    'chat.conf': '# as on the command line\n[gst-chat-server]\nport=99\norigin=http://a.example;http://b.example;\n'
      + 'ping-interval=12345\nno-limits=true\naddress=127.0.0.1\n',
    'odd.conf': '[gst-chat-server]\nprot=5000\n',
    'typed.conf': '[gst-chat-server]\nversion=true\n',
    'number.conf': '[gst-chat-server]\nport=many\n',
    'large.conf': '[gst-chat-server]\nport=70000\n',
    'group.conf': '[server]\nport=5000\n',
  });
  // startServer() gives --port=0.
  const server = await serve([`--config=${config('chat.conf')}`]);
  const ask = (origin) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
  equal([(await ask('http://a.example')).status, (await ask('http://b.example')).status,
    (await ask('http://c.example')).status], [200, 200, 403], 'origins');
  check((await (await ask('http://a.example')).text()).includes('"pingInterval":12345'), 'the interval');
  const me = await connect(t, '4.8.4', server.url);
  equal(me.of('server-info')[0].limits, { sdp: 65536, text: 16384 }, 'limits');

  for (const [name, text] of [
    ['odd.conf', 'odd.conf: “prot” is not an option for a key file.'],
    ['typed.conf', 'typed.conf: “version” is not an option for a key file.'],
    ['number.conf', 'cannot be interpreted'],
    ['large.conf', '--port is a number from 0 to 65535, not 70000.'],
    ['group.conf', 'group.conf: the only group is [gst-chat-server], not [server].'],
    ['none.conf', 'No such file'],
  ]) {
    const { status, stderr } = spawnSync(PROGRAM, [`--config=${config(name)}`], { encoding: 'utf8', timeout: 20000 });
    equal(status, 64, `exit status with ${name}`);
    check(stderr.includes(text), `${name}: ${stderr}`);
  }
}, { logs: [/reason=origin /] });

serverTest('a secret that is none is refused', async (t) => {
  const secret = files(t, { short: 'fifteen letters\n', enough: 'sixteen letters!\n' });
  const start = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8', timeout: 20000 });
  const short = start(`--auth-secret-file=${secret('short')}`);
  equal(short.status, 64, 'exit status');
  check(short.stderr.includes('has less than 16 bytes'), short.stderr);
  equal(start(`--auth-secret-file=${secret('missing')}`).status, 64, 'exit status without the file');
  equal(start(`--auth-secret-file=${secret('enough')}`, '--make-token').status, 0, 'exit status with a good one');
  equal(start('--make-token').status, 64, 'exit status without a secret');
  const child = new Child(t, PROGRAM, ['--make-token', `--auth-secret-file=${secret('enough')}`, '--token-time=0']);
  equal(await child.exit, 64, 'exit status with a time that is none');
});
