// SPDX-License-Identifier: LGPL-2.1-or-later
// Servers that go, networks that let little through, remotes that mean harm.
import { createRequire } from 'node:module';
import { check, equal, pause, test, until } from '../support/harness.mjs';
import { startProxy } from '../support/no-websocket.mjs';
import { bothWays } from '../support/person.mjs';
import { startServer } from '../support/servers.mjs';
import { files, makeToken } from '../support/tokens.mjs';
import { ANN, BOB, browser, build, scene } from './world.mjs';

const { io } = createRequire(import.meta.url)('sioc484');

scene('the server goes away and comes back: the call goes on, and the next one works', async ({ t, server, join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('firefox', BOB)]);
  await ann.talkTo(bob);
  await server.child.stop('SIGKILL');
  await Promise.all([ann.is('signalling', 'reconnecting'), bob.is('signalling', 'reconnecting')]);
  await bothWays(ann, bob);
  // Longer than a remote that has left the server may be silent.
  await pause(3000);
  equal([(await ann.look()).state, (await bob.look()).state], ['connected', 'connected'], 'states');
  await startServer(t, build, [`--port=${server.port}`]);
  await Promise.all([ann.is('signalling', 'connected', 60000), bob.is('signalling', 'connected', 60000)]);
  await ann.click('#hang-up');
  await bob.says('Ann hung up');
  await bob.talkTo(ann);
  await bothWays(ann, bob);
}, { complaints: /WebSocket connection|can.t establish a connection|Failed to load resource|interrupted while/ });

scene('a server that goes away while it rings ends the call', async ({ server, join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  await ann.dial('Bob');
  await bob.is('dialog', true);
  await server.child.stop('SIGKILL');
  await Promise.all([ann.says('The connection to the server was lost'), bob.is('dialog', false)]);
}, { complaints: /WebSocket connection|Failed to load resource/ });

scene('a remote that loses its connection to the server stays in the call', async ({ join }) => {
  const watch = 'window.sockets = []; window.WebSocket = class extends WebSocket { constructor(...a) { super(...a); sockets.push(this); } };';
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('firefox', { ...BOB, init: [watch] })]);
  await ann.talkTo(bob);
  const before = (await bob.look()).ownId;
  await bob.page.evaluate(() => sockets.at(-1).close());
  await bob.is('signalling', 'reconnecting');
  await bob.is('signalling', 'connected');
  await pause(4000);
  equal([(await ann.look()).state, (await bob.look()).state], ['connected', 'connected'], 'states');
  await bothWays(ann, bob);
  equal((await bob.look()).ownId, before, 'id');
  await bob.click('#hang-up');
  await ann.says('Bob hung up');
  await ann.talkTo(bob);
}, { complaints: /interrupted while/ });

scene('a network without WebSockets', async ({ t, server, join }) => {
  const proxy = await startProxy(t, server.url);
  const ann = await join('chromium', { ...ANN, url: proxy.url });
  check(proxy.refused() > 0, 'a WebSocket was tried');
  const bob = await join('firefox', { ...BOB, url: server.url });
  await ann.talkTo(bob);
  await bothWays(ann, bob);
  await ann.click('#hang-up');
  await bob.says('Ann hung up');
  await bob.talkTo(ann);
  await ann.page.browserContext().close();
  await bob.state('idle');
  await bob.until((seen) => !seen.users.length, 'an empty list', 60000);
}, { complaints: /WebSocket connection/ });

test('a server with tokens: who has none is told so, who has one is let in', async (t) => {
  const secret = files(t, { secret: 'this is a secret that nobody knows' })('secret');
  const { url } = await startServer(t, build, [`--auth-secret-file=${secret}`]);
  const page = await (await browser('chromium')).page(t, { url: `${url}?name=Ann&view=only` });
  const says = (text) => until(async () => (await page.evaluate(() => document.getElementById('signalling-text').textContent)) === text, text);
  await says('Not let in: This server wants an auth-token');
  await page.goto(`${url}?name=Ann&view=only&token=${makeToken(build, secret, '--token-name=Ann')}`);
  await says('Online');
});

// A client of ours on the same server that says what no page says.
async function intruder(t, server) {
  const socket = io(server.url, { query: { name: 'Mallory' }, reconnection: false });
  t.defer(() => socket.close());
  await until(() => socket.connected, 'the intruder to be online');
  return socket;
}

scene('nothing that a remote says breaks the page or another call', async ({ t, server, join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  const mallory = await intruder(t, server);
  const to = (await ann.look()).ownId;
  await ann.talkTo(bob);
  const nasty = [null, 5, 'x', [], {}, { sdp: 5 }, { sdp: 'v=0' }, { sdp: 'x'.repeat(60000) },
    { sdp: 'v=0', chat: 5 }, { sdp: 'v=0', chat: { session: {}, name: [], seq: 'x' } }];
  for (const offer of nasty)
    mallory.emit('call-user', { offer, to });
  for (const answer of nasty)
    mallory.emit('make-answer', { answer, to });
  for (const event of ['hang-up', 'cancel', 'decline', 'ringing', 'ice-candidate', 'chat-message', 'media-state'])
    mallory.emit(event, { to, session: 'guessed', reason: '<img src=x>', text: 5, candidate: {} });
  await pause(1000);
  await bothWays(ann, bob);
  equal((await ann.look()).dialog, false, 'nobody rings');
  await ann.click('#hang-up');
  await bob.says('Ann hung up');
  // Not in a call, nonsense rings like any offer and fails when it is taken.
  await until(async () => {
    mallory.emit('call-user', { offer: { sdp: 'v=0', chat: { name: '<i>Mallory</i>' } }, to });
    return (await ann.look()).dialog;
  }, 'a dialog');
  equal(await ann.page.$eval('#incoming-name', (h) => h.innerHTML), '&lt;i&gt;Mallory&lt;/i&gt;', 'the name is text');
  await ann.accept();
  await ann.says('No connection to <i>Mallory</i> could be made');
  await ann.talkTo(bob);
  await bothWays(ann, bob);
});
