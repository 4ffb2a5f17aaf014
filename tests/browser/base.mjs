// SPDX-License-Identifier: LGPL-2.1-or-later
// Our page and a page that behaves like the tutorial's, on real socket.io
// servers with the base relay and nothing else.
import { equal, half, test } from '../support/harness.mjs';
import { seesBall, hearsTone } from '../support/media.mjs';
import { Person, bothWays } from '../support/person.mjs';
import { PAGE, startRelay } from '../support/servers.mjs';
import { TUTOR, click, joinTutorial, ready } from '../support/tutorial.mjs';
import { ANN, BOB, browser } from './world.mjs';

// What has to arrive where, by what the tutorial's page sends.
async function judge(ann, tutor, sends) {
  await ann.state('connected');
  await Promise.all([
    seesBall(tutor, { colour: ANN.source.colour }),
    hearsTone(tutor, { hz: ANN.source.hz }),
    sends.includes('video') && seesBall(ann.page, { colour: TUTOR.colour }),
    sends.includes('audio') && hearsTone(ann.page, { hz: TUTOR.hz }),
  ]);
}

for (const version of ['3.1.2', '4.8.4']) {
  for (const [ours, theirs] of version === '4.8.4' ? half([['firefox', 'chromium'], ['chromium', 'chromium'], ['chromium', 'firefox']]) : [['chromium', 'chromium']]) {
    test(`base ${version}, ${ours} calls the tutorial in ${theirs}, and is called after its reload`, async (t) => {
      const relay = await startRelay(t, version, { page: PAGE });
      const ann = await Person.join(t, await browser(ours), relay.url, ANN);
      const tutor = await joinTutorial(t, await browser(theirs), relay.url);
      await ready(tutor, 'audio video');
      await ann.click('#users button');
      await judge(ann, tutor, 'audio video');
      await tutor.reload({ waitUntil: 'domcontentloaded' });
      await ann.state('idle');
      await ready(tutor, 'audio video');
      await click(tutor);
      await ann.accept();
      await judge(ann, tutor, 'audio video');
      equal(await tutor.evaluate(() => document.body.dataset.calls), '2', 'calls of the tutorial');
      ann.fine();
    });
  }
}

for (const media of half(['audio', 'video', 'none'])) {
  test(`base, the tutorial with ${media}: called and calling`, async (t) => {
    const relay = await startRelay(t, '4.8.4', { page: PAGE });
    const ann = await Person.join(t, await browser('chromium'), relay.url, { ...ANN, params: { answer: 'auto' } });
    const sends = media === 'none' ? '' : media;
    for (const calling of [false, true]) {
      const tutor = await joinTutorial(t, await browser('chromium'), relay.url, { media });
      if (sends)
        await ready(tutor, sends);
      if (calling)
        await click(tutor);
      else
        await ann.click('#users button');
      await judge(ann, tutor, sends);
      await tutor.browserContext().close();
      await ann.state('idle');
      await ann.until((seen) => !seen.users.length, 'an empty list');
    }
    ann.fine();
  });
}

test('base, permission that comes after the first call', async (t) => {
  const relay = await startRelay(t, '4.8.4', { page: PAGE });
  const ann = await Person.join(t, await browser('chromium'), relay.url, { ...ANN, params: { answer: 'auto' } });
  const tutor = await joinTutorial(t, await browser('chromium'), relay.url, { late: 6000 });
  await click(tutor);
  await judge(ann, tutor, '');
  await ready(tutor, 'audio video');
  await click(tutor);
  await judge(ann, tutor, 'audio video');
  ann.fine();
});

test('base, a server that relays everything twice', async (t) => {
  const relay = await startRelay(t, '4.8.4', { page: PAGE, literal: true });
  const ann = await Person.join(t, await browser('chromium'), relay.url, { ...ANN, params: { answer: 'auto' } });
  const tutor = await joinTutorial(t, await browser('chromium'), relay.url);
  await ready(tutor, 'audio video');
  await click(tutor);
  await judge(ann, tutor, 'audio video');
  ann.fine();
});

test('base, our page to our page: the connection itself says good-bye', async (t) => {
  const relay = await startRelay(t, '4.8.4', { page: PAGE });
  const [ann, bob] = await Promise.all([
    Person.join(t, await browser('chromium'), relay.url, ANN),
    Person.join(t, await browser('firefox'), relay.url, BOB)]);
  for (const [from, to] of [[ann, bob], [bob, ann]]) {
    await from.click('#users button');
    await to.accept();
    await bothWays(ann, bob);
    await from.says(`In a call with ${to.name}`);
    await from.click('#hang-up');
    await to.says(`${from.name} hung up`);
  }
  [ann, bob].forEach((p) => p.fine());
});
