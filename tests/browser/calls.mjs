// SPDX-License-Identifier: LGPL-2.1-or-later
// A person calls a person.
import { check, equal, half, until } from '../support/harness.mjs';
import { bothWays } from '../support/person.mjs';
import { ANN, BOB, CAPTURED, CARA, scene } from './world.mjs';

for (const [from, to] of half([['chromium', 'firefox'], ['chromium', 'chromium'], ['firefox', 'chromium'], ['firefox', 'firefox']])) {
  scene(`${from} calls ${to}: picture and sound both ways`, async ({ join }) => {
    const [ann, bob] = await Promise.all([join(from, ANN), join(to, BOB)]);
    await ann.dial('Bob');
    await ann.state('ringing');
    await ann.says('Ringing at Bob');
    await bob.is('dialog', true);
    await bob.is('title', 'Ann is calling');
    await bob.accept();
    await Promise.all([ann.state('connected'), bob.state('connected')]);
    await ann.says('In a call with Bob');
    await bothWays(ann, bob);
    await ann.click('#hang-up');
    await Promise.all([ann.says('Call with Bob ended'), bob.says('Ann hung up')]);
    equal((await bob.look()).reason, 'hung-up', 'reason');
  });
}

scene('what a capture device of Chromium brings arrives', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { name: 'Ann', source: null }), join('chromium', BOB)]);
  await ann.talkTo(bob);
  ann.source = CAPTURED;
  await bothWays(ann, bob);
});

scene('Escape declines, Enter accepts', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  await ann.dial('Bob');
  await bob.is('dialog', true);
  await bob.is('focus', 'accept');
  await bob.page.keyboard.press('Escape');
  await ann.says('Bob declined');
  await ann.page.focus('#users button');
  await ann.page.keyboard.press('Enter');
  await bob.is('focus', 'accept');
  await bob.page.keyboard.press('Enter');
  await Promise.all([ann.state('connected'), bob.state('connected')]);
  await Promise.all([ann.is('focus', 'hang-up'), bob.is('focus', 'hang-up')]);
  await bob.page.keyboard.press('Enter');
  await ann.says('Bob hung up');
  await bob.is('focus', 'Ann');
});

// The patience with one who does not answer, short for once.
const HURRY = `const patient = window.setTimeout;
  window.setTimeout = (work, ms, ...more) => patient(work, window.hurry && ms === 60000 ? 1000 : ms, ...more);`;

for (const [from, to] of half([['chromium', 'firefox'], ['firefox', 'chromium']])) {
  scene(`${from} calls ${to}: every end of a call, in words at both`, async ({ server, join }) => {
    const quiet = { source: null, params: { view: 'only' }, init: [HURRY] };
    const [ann, bob, cara] = await Promise.all([
      join(from, { name: 'Ann', ...quiet }), join(to, { name: 'Bob', ...quiet }), join('chromium', { name: 'Cara', ...quiet })]);
    const rings = async () => {
      await ann.dial('Bob');
      await Promise.all([ann.says('Ringing at Bob'), bob.is('dialog', true)]);
    };
    const both = async (atAnn, atBob) => {
      await Promise.all([ann.says(atAnn), bob.says(atBob)]);
      await Promise.all([ann, bob].map((p) => p.until((seen) => seen.state === 'idle' && !seen.dialog && seen.title === 'Chat', 'rest')));
    };
    await rings();
    await bob.is('title', 'Ann is calling');
    await bob.click('#decline');
    await both('Bob declined', 'You declined the call from Ann');
    await rings();
    await ann.click('#hang-up');
    await both('Call cancelled', 'You missed a call from Ann');
    await bob.page.evaluate(() => { window.hurry = true; });
    // It may have rung before anybody could look.
    await ann.dial('Bob');
    await both('Bob did not answer', 'You missed a call from Ann');
    await bob.page.evaluate(() => { window.hurry = false; });
    await ann.page.evaluate(() => { window.hurry = true; });
    await ann.dial('Bob');
    await both('Bob did not answer', 'You missed a call from Ann');
    await ann.page.evaluate(() => { window.hurry = false; });
    await ann.talkTo(bob);
    await cara.dial('Bob');
    await cara.says('Bob is in another call');
    await ann.click('#hang-up');
    await both('Call with Bob ended', 'Ann hung up');
    await ann.talkTo(bob);
    await bob.click('#hang-up');
    await both('Bob hung up', 'Call with Ann ended');
    await ann.talkTo(bob);
    await bob.page.reload({ waitUntil: 'domcontentloaded' });
    await ann.until((seen) => ['Bob hung up.', 'Bob has left.'].includes(seen.status), 'that Bob is gone');
    await bob.is('signalling', 'connected');
    await rings();
    await server.child.stop('SIGKILL');
    await both('The connection to the server was lost', 'The connection to the server was lost');
  }, { seconds: 200, complaints: /WebSocket connection|can.t establish a connection|Failed to load resource|interrupted while/ });
}

scene('everything within reach of the keyboard', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', { ...BOB, params: { answer: 'auto' } })]);
  await ann.is('media', 'ready');
  await ann.idOf('Bob');
  await ann.page.focus('#users button');
  await ann.page.keyboard.press('Enter');
  await ann.state('connected');
  await ann.page.waitForSelector('.quality:not([hidden])');
  await ann.page.focus('#name');
  const reached = [];
  for (let n = 0; n < 10; n++) {
    await ann.page.keyboard.press('Tab');
    reached.push(await ann.page.evaluate(() => document.activeElement.id || document.activeElement.className));
  }
  equal(['user', 'quality', 'mute', 'camera', 'share', 'talk-toggle', 'settings-open', 'hang-up'].filter((what) => !reached.includes(what)),
    [], `what is missing of ${reached}`);
  const press = async (id, key = 'Enter') => {
    await ann.page.focus(`#${id}`);
    await ann.page.keyboard.press(key);
  };
  await press('mute', 'Space');
  await bob.until((seen) => seen.tiles[0].muted === 'yes', 'Ann muted');
  await press('settings-open');
  await ann.page.waitForSelector('#settings[open]');
  await ann.page.keyboard.press('Escape');
  await ann.is('focus', 'settings-open');
  await press('talk-toggle');
  await ann.page.keyboard.type('By hand');
  await ann.page.keyboard.press('Enter');
  await bob.until((seen) => seen.lines[0] === 'Ann: By hand', 'the line');
  await press('hang-up');
  await bob.says('Ann hung up');
});

scene('whoever is in a call is busy, and stays in it', async ({ join }) => {
  const [ann, bob, cara] = await Promise.all([join('chromium', ANN), join('chromium', BOB), join('chromium', CARA)]);
  await ann.talkTo(bob);
  await cara.dial('Bob');
  await cara.says('Bob is in another call');
  equal([(await bob.look()).state, (await bob.look()).dialog], ['connected', false], 'Bob');
  await bothWays(ann, bob);
});

scene('both call each other at the same moment', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('firefox', BOB)]);
  for (let round = 0; round < 3; round++) {
    const ids = await Promise.all([ann.idOf('Bob'), bob.idOf('Ann')]);
    await Promise.all([ann, bob].map((p, n) => p.page.evaluate(
      (id) => document.querySelector(`[data-user-id="${id}"]`).click(), ids[n])));
    // Whether they cross or not: whoever is asked says yes.
    await until(async () => {
      for (const p of [ann, bob]) {
        if ((await p.look()).dialog)
          await p.page.click('#accept').catch(() => {});
      }
      return (await ann.look()).state === 'connected' && (await bob.look()).state === 'connected';
    }, 'both to be connected');
    if (round === 2)
      await bothWays(ann, bob);
    await ann.click('#hang-up');
    await bob.state('idle');
  }
});

scene('three calls in a row, in turns', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('firefox', BOB)]);
  for (const [from, to] of [[ann, bob], [bob, ann], [ann, bob]]) {
    await from.talkTo(to);
    await bothWays(from, to);
    await to.click('#hang-up');
    await from.says(`${to.name} hung up`);
    await from.state('idle');
  }
});

scene('a page that is reloaded ends its call and can make the next', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  await ann.talkTo(bob);
  await bob.page.reload({ waitUntil: 'domcontentloaded' });
  await ann.state('idle');
  check(['hung-up', 'gone'].includes((await ann.look()).reason), 'a reason that fits');
  await bob.is('signalling', 'connected');
  await bob.talkTo(ann);
  await bothWays(ann, bob);
});

scene('links: ?call= calls whoever comes, ?answer=auto takes it', async ({ join }) => {
  const ann = await join('chromium', { ...ANN, params: { call: 'Bob' } });
  equal((await ann.look()).state, 'idle', 'nobody there yet');
  const bob = await join('chromium', { ...BOB, params: { answer: 'auto' } });
  await Promise.all([ann.state('connected'), bob.state('connected')]);
  await bothWays(ann, bob);
});

scene('the name: made up, changed, remembered, seen by others', async ({ join }) => {
  const [ann, other] = await Promise.all([join('chromium', ANN), join('chromium', { ...BOB, name: undefined })]);
  const name = () => other.page.$eval('#name', (input) => input.value);
  const first = await name();
  check(/^\w+ \w+$/.test(first), `a friendly name, not "${first}"`);
  await ann.idOf(first);
  await other.page.click('#name', { count: 3 });
  await other.page.keyboard.type('Zoë <b>&amp;</b>');
  await other.page.keyboard.press('Enter');
  await ann.idOf('Zoë <b>&amp;</b>');
  equal((await ann.look()).users, ['Zoë <b>&amp;</b>'], 'one user, under the new name');
  await other.page.reload({ waitUntil: 'domcontentloaded' });
  await other.is('signalling', 'connected');
  equal(await name(), 'Zoë <b>&amp;</b>', 'after a reload');
});
