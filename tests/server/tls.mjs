// SPDX-License-Identifier: LGPL-2.1-or-later
// gst-chat-server with a certificate of its own.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { check, equal, until } from '../support/harness.mjs';
import { startPipeline } from '../support/servers.mjs';
import { build, serverTest } from './case.mjs';
import { certificateOptions as args, makeCertificate, secureUrl as secure } from './certificate.mjs';
import { CLIENTS, TRANSPORTS, connect } from './clients.mjs';

function get(module, url, options = {}) {
  return new Promise((resolve, reject) => {
    module.get(url, { agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (data) => { body += data; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    }).on('error', reject);
  });
}

// Whom a new connection is shown.
function certificateName(server, ca) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', ca }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

for (const version of Object.keys(CLIENTS)) {
  for (const kind of Object.keys(TRANSPORTS)) {
    serverTest(`TLS: client ${version}, ${kind}: presence, call, leaving`, async (t, serve) => {
      const pem = makeCertificate(t, 'first');
      const server = await serve(args(pem));
      const other = await connect(t, '4.8.4', secure(server), { ca: pem.ca });
      const me = await connect(t, version, secure(server), { ...TRANSPORTS[kind], ca: pem.ca });
      const myId = await until(() => other.users[0], 'the other to see me');
      // Far larger than one TLS record, or what a socket takes at once.
      const offer = { type: 'offer', sdp: 'x'.repeat(60000) };
      for (let i = 0; i < 10; i++)
        me.socket.emit('call-user', { offer, to: me.users[0] });
      await until(() => other.of('call-made').length === 10, 'ten calls');
      equal(other.of('call-made')[9], { offer, socket: myId }, 'call-made');
      await until(() => me.transport === (kind === 'polling' ? 'polling' : 'websocket'), 'its transport');
      me.socket.close();
      equal(await other.event('remove-user'), { socketId: myId }, 'remove-user');
    });
  }
}

serverTest('TLS: a poll that breaks off is noticed', async (t, serve) => {
  const pem = makeCertificate(t, 'first');
  const server = await serve(args(pem));
  const other = await connect(t, '4.8.4', secure(server), { ca: pem.ca });
  const me = await connect(t, '4.8.4', secure(server), { ...TRANSPORTS.polling, ca: pem.ca });
  const sockets = new Set();
  const agent = new https.Agent({ ca: pem.ca });
  await other.event('update-user-list', (d) => d.users.length === 1);
  const open = await get(https, `${secure(server)}/socket.io/?EIO=3&transport=polling`, { ca: pem.ca });
  const { sid } = JSON.parse(/\{[^}]*\}/.exec(open.body)[0]);
  await until(() => other.users.length === 2, 'the one that polls');
  const poll = https.get(`${secure(server)}/socket.io/?EIO=3&transport=polling&sid=${sid}`, { agent });
  poll.on('socket', (socket) => sockets.add(socket));
  poll.on('error', () => {});
  await until(() => [...sockets].some((s) => s.encrypted && s.bytesWritten > 0), 'the poll to be sent');
  // With the good-bye of TLS, and without.
  sockets.forEach((socket) => socket.end());
  const began = Date.now();
  await other.event('remove-user');
  check(Date.now() - began < 10000, 'long before its heartbeat is missing');
  equal(me.reasons, [], 'disconnections of somebody else');
});

serverTest('TLS: who comes without is sent there', async (t, serve) => {
  const pem = makeCertificate(t, 'first');
  const free = net.createServer().listen(0, '127.0.0.1');
  await until(() => free.listening, 'a port');
  const { port } = free.address();
  await new Promise((resolve) => { free.close(resolve); });
  const server = await serve([...args(pem), `--redirect-port=${port}`]);
  for (const from of [server.port, port]) {
    const page = await get(http, `http://127.0.0.1:${from}/?call=Anna`);
    equal([page.status, page.headers.location, page.headers.connection],
      [308, `${secure(server)}/?call=Anna`, 'close'], `the page on ${from}`);
    const session = await get(http, `http://localhost:${from}/socket.io/?EIO=4&transport=polling&token=secret`);
    equal([session.status, session.headers.location],
      [308, `https://localhost:${server.port}/socket.io/`], `a session on ${from}`);
  }
  const page = await get(https, `${secure(server)}/`, { ca: pem.ca });
  equal([page.status, page.headers['cross-origin-opener-policy']], [200, 'same-origin'], 'the page by TLS');
});

serverTest('TLS: a request comes in pieces', async (t, serve) => {
  const pem = makeCertificate(t, 'first');
  const server = await serve(args(pem));
  const request = 'GET /wire.js HTTP/1.1\r\nHost: a\r\n\r\n';
  // Each piece is a record of TLS; they leave one by one, or at once.
  for (const [size, pause] of [[1, 2], [10, 2], [10, 0], [request.length, 0]]) {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', ca: pem.ca });
    t.defer(() => socket.destroy());
    socket.setNoDelay();
    let answer = '';
    socket.on('data', (data) => { answer += data; });
    for (let at = 0; at < request.length; at += size) {
      socket.write(request.slice(at, at + size));
      if (pause)
        await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
    await until(() => /^HTTP\/1\.1 200 [^]*\r\n\r\n./.test(answer), `an answer to pieces of ${size}`);
  }
});

serverTest('TLS: SIGHUP brings another certificate, and a wrong one changes nothing', async (t, serve) => {
  const [first, second] = [makeCertificate(t, 'first'), makeCertificate(t, 'second')];
  const both = Buffer.concat([first.ca, second.ca]);
  const server = await serve(args(first));
  equal(await certificateName(server, both), 'first', 'the certificate');
  const me = await connect(t, '4.8.4', secure(server), { ca: both });
  copyFileSync(second.key, first.key);
  copyFileSync(second.cert, first.cert);
  server.child.process.kill('SIGHUP');
  await until(async () => await certificateName(server, both) === 'second', 'the other certificate');
  writeFileSync(first.cert, 'nothing');
  server.child.process.kill('SIGHUP');
  await until(() => server.child.errors.some((line) => line.includes('cannot be used')), 'the complaint');
  equal(await certificateName(server, both), 'second', 'the certificate that is left');
  equal(me.reasons, [], 'disconnections of who was there before');
}, { logs: [/cannot be used/] });

serverTest('TLS: chatpeer and chatsignalsrc by chats://', async (t, serve) => {
  const pem = makeCertificate(t, 'first');
  const server = await serve(args(pem));
  const watcher = await connect(t, '4.8.4', secure(server), { ca: pem.ca });
  const uri = `chats://localhost:${server.port}`;
  startPipeline(t, build, `chatsignalsrc uri=${uri} tls-ca-file=${pem.cert} display-name=Source ! fakesink`);
  startPipeline(t, build, `chatpeer uri=${uri} tls-ca-file=${pem.cert} display-name=Peer videotestsrc is-live=true ! fakesink`);
  await until(() => Object.values(watcher.names).sort().join() === 'Peer,Source', 'both to be there');
  const stranger = startPipeline(t, build, `chatsignalsrc uri=${uri} reconnect=false ! fakesink`);
  await until(() => stranger.errors.concat(stranger.lines).some((l) => /certificate of .* cannot be trusted/.test(l)),
    'one that does not know the authority');
});

// Thousands of handshakes that do not go on cost nobody else anything.
serverTest('TLS: who does not go on with its handshake is shut out', async (t, serve) => {
  const pem = makeCertificate(t, 'first');
  const server = await serve(args(pem));
  const sockets = [];
  t.defer(() => sockets.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (let i = 0; i < 200; i++) {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => { closed++; });
    // The begin of a record, or nothing.
    if (i % 2)
      socket.write(Buffer.from([22, 3, 1, 2, 0, 1]));
    sockets.push(socket);
  }
  const me = await connect(t, '4.8.4', secure(server), { ca: pem.ca });
  check(closed < 100, `it is there while most of them wait, not ${sockets.length - closed}`);
  await until(() => closed === sockets.length, 'all of them to be closed', 20000);
  equal(me.reasons, [], 'disconnections');
});
