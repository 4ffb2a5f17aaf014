// SPDX-License-Identifier: LGPL-2.1-or-later
// Several people in one call, each with each; and pipelines beside them.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { equal, until } from '../support/harness.mjs';
import { seesBall } from '../support/media.mjs';
import { bothWays } from '../support/person.mjs';
import { Probe } from '../support/servers.mjs';
import { ANN, BOB, CARA, build, out, scene } from './world.mjs';

// Each sends several times: small pictures do.
const small = (who) => ({ ...who, source: { ...who.source, width: 320, height: 240 } });
const WATCHER = { source: null, params: { view: 'only' } };

function camera(t, server, name, colour, properties = '') {
  return new Probe(t, build, `chatpeer name=peer uri=chat://127.0.0.1:${server.port} display-name=${name} ${properties} `
    + `videotestsrc is-live=true pattern=ball foreground-color=${colour} ! video/x-raw,width=320,height=240,framerate=20/1 ! peer. `
    + 'peer. ! queue ! videoconvert ! fakesink name=vcheck');
}

// The connections of a page, and how much picture each of them may send.
const KEEP = `window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...how) { super(...how); connections.push(this); }
  };`;
const shares = (person) => person.page.evaluate(() => connections.filter((pc) => pc.connectionState === 'connected')
  .map((pc) => pc.getSenders().find((s) => s.track?.kind === 'video').getParameters().encodings[0].maxBitrate ?? 'all'));

const seesCamera = (person, name, colour) =>
  seesBall(person.page, { selector: `#tiles .tile[data-name="${name}"] video`, colour, ms: 40000 });

scene('three of both kinds in one call, two pipelines in calls of their own, all in one room', async ({ t, server, join }) => {
  const [ann, bob, cara] = await Promise.all([
    join('chromium', small(ANN)), join('firefox', small(BOB)), join('chromium', { ...small(CARA), init: [KEEP] })]);
  const cameras = [camera(t, server, 'Yard', '0xff3250eb'), camera(t, server, 'Door', '0xffd732cd')];
  const [dan, eve] = await Promise.all(['Dan', 'Eve'].map((name) => join('chromium', { name, ...WATCHER })));

  await ann.talkTo(bob);
  await ann.dial('Cara');
  await cara.is('dialog', true);
  equal(await cara.page.$eval('#incoming-text', (p) => p.textContent), 'is calling you into a call with Bob', 'who is there');
  await cara.accept();
  await Promise.all([ann.isWith('Bob', 'Cara'), bob.isWith('Ann', 'Cara'), cara.isWith('Ann', 'Bob')]);
  equal((await bob.look()).dialog, false, 'Bob is not asked about Cara');

  await Promise.all([dan.dial('Yard'), eve.dial('Door')]);
  await Promise.all([seesCamera(dan, 'Yard', 'blue'), seesCamera(eve, 'Door', 'magenta')]);
  await Promise.all([bothWays(ann, bob), bothWays(ann, cara), bothWays(bob, cara)]);
  for (const person of [ann, bob, cara, dan, eve]) {
    equal((await person.look()).users.sort(), ['Ann', 'Bob', 'Cara', 'Dan', 'Door', 'Eve', 'Yard'].filter((n) => n !== person.name),
      `the list of ${person.name}`);
  }
  await ann.says('In a call with Bob and Cara');
  await mkdir(out, { recursive: true });
  await ann.page.screenshot({ path: path.join(out, 'group-three.png') });

  // Nobody gets between a pipeline and its viewer, or into the call unasked.
  await dan.click('#hang-up');
  await dan.dial('Door');
  await dan.says('Door is in another call');
  await dan.dial('Ann');
  await dan.says('Ann is in another call');
  equal((await ann.look()).dialog, false, 'Ann is not disturbed');

  equal(await shares(cara), [1500000, 1500000], 'what Cara may send to each');
  await ann.click('#hang-up');
  await Promise.all([bob.isWith('Cara'), cara.isWith('Bob'), ann.state('idle')]);
  await until(async () => (await shares(cara)).join() === 'all', 'Cara to send to Bob what she can');
  await bothWays(bob, cara);
  await bob.click('#hang-up');
  await cara.says('Bob hung up');
  equal(cameras.map((c) => c.ended), [null, null], 'the pipelines run');
}, { seconds: 300 });

scene('two who are called in at the same moment find each other', async ({ join }) => {
  const [ann, bob, cara, dan] = await Promise.all(['Ann', 'Bob', 'Cara', 'Dan'].map((name) => join('chromium', { name, ...WATCHER })));
  await ann.talkTo(bob);
  await Promise.all([ann.dial('Cara'), bob.dial('Dan')]);
  await Promise.all([cara.accept(), dan.accept()]);
  await Promise.all([ann.isWith('Bob', 'Cara', 'Dan'), bob.isWith('Ann', 'Cara', 'Dan'),
    cara.isWith('Ann', 'Bob', 'Dan'), dan.isWith('Ann', 'Bob', 'Cara')]);
});

scene('both call the same third: one question, one answer', async ({ join }) => {
  const [ann, bob, cara] = await Promise.all(['Ann', 'Bob', 'Cara'].map((name) => join('chromium', { name, ...WATCHER })));
  await ann.talkTo(bob);
  await Promise.all([ann.dial('Cara'), bob.dial('Cara')]);
  await cara.until((seen) => seen.tiles.length === 2, 'two calls');
  await cara.click('#decline');
  await Promise.all([ann.says('Cara declined'), bob.says('Cara declined'), cara.state('idle')]);
  // It is said for a while; the call is as it was.
  await Promise.all([ann.says('In a call with Bob'), bob.says('In a call with Ann')]);
  await Promise.all([ann.dial('Cara'), bob.dial('Cara')]);
  await cara.accept();
  await Promise.all([ann.isWith('Bob', 'Cara'), bob.isWith('Ann', 'Cara'), cara.isWith('Ann', 'Bob')]);
});

scene('one of several can be let go', async ({ join }) => {
  const [ann, bob, cara] = await Promise.all(['Ann', 'Bob', 'Cara'].map((name) => join('chromium', { name, ...WATCHER })));
  await ann.talkTo(bob);
  await ann.dial('Cara');
  await ann.until((seen) => seen.tiles.some((tile) => tile.name === 'Cara' && tile.state === 'ringing'), 'it to ring at Cara');
  await ann.click('.tile[data-name="Cara"] .tile-end');
  await cara.says('You missed a call from Ann');
  await ann.isWith('Bob');
  await ann.dial('Cara');
  await cara.accept();
  await Promise.all([ann.isWith('Bob', 'Cara'), bob.isWith('Ann', 'Cara')]);
  await ann.click('.tile[data-name="Cara"] .tile-end');
  await Promise.all([ann.isWith('Bob'), bob.isWith('Ann', 'Cara'), cara.isWith('Bob')]);
  // Also when Bob says once more who is there.
  await bob.click('#share');
  await ann.until((seen) => seen.tiles[0].screen === 'yes' && seen.tiles[0].video === 'yes', 'the screen of Bob');
  await Promise.all([ann.isWith('Bob'), bob.isWith('Ann', 'Cara'), cara.isWith('Bob')]);
});

scene('a pipeline is added for oneself, and is busy for the others', async ({ t, server, join }) => {
  camera(t, server, 'Yard', '0xff3250eb');
  const [ann, bob] = await Promise.all([join('chromium', small(ANN)), join('chromium', small(BOB))]);
  await ann.talkTo(bob);
  await ann.dial('Yard');
  await Promise.all([seesCamera(ann, 'Yard', 'blue'), ann.sees(bob), bob.sees(ann)]);
  await bob.dial('Yard');
  await bob.says('Yard is in another call');
  await Promise.all([ann.isWith('Bob', 'Yard'), bob.isWith('Ann')]);
});

scene('six at most', async ({ join }) => {
  const people = await Promise.all(['Ann', 'Bob', 'Cara', 'Dan', 'Eve', 'Fay', 'Gil'].map((name) =>
    join('chromium', { name, source: null, params: { view: 'only', answer: name === 'Ann' ? 'ask' : 'auto' } })));
  const [ann, ...others] = people;
  const gil = others.pop();
  for (const other of others) {
    await ann.dial(other.name);
    await ann.until((seen) => seen.tiles.some((tile) => tile.name === other.name && tile.state === 'connected'), `${other.name} to be there`);
  }
  const names = [ann, ...others].map((p) => p.name);
  await Promise.all([ann, ...others].map((p) => p.isWith(...names.filter((n) => n !== p.name))));
  const disabled = await ann.page.$eval(`[data-user-id="${await ann.idOf('Gil')}"]`, (b) => b.getAttribute('aria-disabled'));
  equal(disabled, 'true', 'Gil can be called');
  await gil.dial('Bob');
  await gil.says('Bob is in another call');
  await ann.click('#hang-up');
  await Promise.all(others.map((p) => p.isWith(...names.filter((n) => n !== p.name && n !== 'Ann'))));
});
