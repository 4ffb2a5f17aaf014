// SPDX-License-Identifier: LGPL-2.1-or-later
// A person calls a person.
import { check, equal, until } from '../support/harness.mjs';
import { bothWays } from '../support/person.mjs';
import { ANN, BOB, CAPTURED, CARA, scene } from './world.mjs';

for (const [from, to] of [['chromium', 'chromium'], ['firefox', 'chromium'], ['chromium', 'firefox'], ['firefox', 'firefox']]) {
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

scene('declined', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  await ann.dial('Bob');
  await bob.is('dialog', true);
  await bob.click('#decline');
  await ann.says('Bob declined');
  await bob.says('You declined the call from Ann');
  equal([(await ann.look()).state, (await bob.look()).state], ['idle', 'idle'], 'states');
  // And it is no grudge: the next one is taken.
  await ann.talkTo(bob);
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

scene('cancelled before anybody answers', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', BOB)]);
  await ann.dial('Bob');
  await bob.is('dialog', true);
  await ann.click('#hang-up');
  await bob.is('dialog', false);
  await bob.says('You missed a call from Ann');
  await ann.says('Call cancelled');
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
