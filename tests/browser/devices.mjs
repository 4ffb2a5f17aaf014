// SPDX-License-Identifier: LGPL-2.1-or-later
// Microphone and camera: off, missing, refused, late; sound that may not play.
import { check, equal } from '../support/harness.mjs';
import { seesBall } from '../support/media.mjs';
import { bothWays } from '../support/person.mjs';
import { ANN, BOB, scene } from './world.mjs';

scene('mute and camera off are felt on the other side, and undone', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('firefox', BOB)]);
  await ann.talkTo(bob);
  await bothWays(ann, bob);
  await ann.click('#mute');
  equal(await ann.page.$eval('#mute', (b) => [b.getAttribute('aria-pressed'), b.getAttribute('aria-label')]),
    ['true', 'Unmute microphone'], 'the button');
  await bob.hearsNothing();
  await bob.sees(ann);
  await ann.click('#camera');
  await bob.seesNot(ann);
  await ann.is('localVideo', 'no');
  await ann.click('#mute');
  await ann.click('#camera');
  await bothWays(ann, bob);
});

for (const [what, source, note] of [
  ['no camera', { video: false, hz: 440 }, 'No camera: none was found. Others hear you but do not see you.'],
  ['no microphone', { audio: false, colour: 'red' }, 'No microphone: none was found. Others see you but do not hear you.'],
  ['neither', { audio: false, video: false }, 'No camera or microphone: none was found. You can still watch and listen.'],
  ['permission refused', { deny: true }, 'No camera or microphone: this page has no permission for them. You can still watch and listen.'],
]) {
  scene(`${what}: said in one sentence, and the call is there with what there is`, async ({ join }) => {
    const [ann, bob] = await Promise.all([join('chromium', { name: 'Ann', source }), join('chromium', BOB)]);
    await ann.is('media', 'ready');
    equal((await ann.look()).note, note, 'the sentence');
    // Called by and calling.
    for (const [from, to] of [[ann, bob], [bob, ann]]) {
      await from.talkTo(to);
      await Promise.all([ann.sees(bob), ann.hears(bob),
        source.audio !== false && !source.deny && bob.hears(ann),
        source.video !== false && !source.deny && bob.sees(ann)]);
      equal((await bob.look()).remoteVideo, source.video !== false && !source.deny ? 'yes' : 'no', 'a picture at Bob');
      await from.click('#hang-up');
      await to.state('idle');
    }
  });
}

scene('two who only watch have a call, too', async ({ join }) => {
  const none = { audio: false, video: false };
  const [ann, bob] = await Promise.all([
    join('chromium', { name: 'Ann', source: none }), join('firefox', { name: 'Bob', source: none })]);
  await ann.talkTo(bob);
  await bob.click('#hang-up');
  await ann.says('Bob hung up');
});

scene('a real browser without devices and without questions', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('bare', { name: 'Ann', source: null }), join('chromium', BOB)]);
  await ann.is('media', 'ready');
  check(/^No camera or microphone: .+ You can still watch and listen\.$/.test((await ann.look()).note), 'the sentence');
  await bob.talkTo(ann);
  await ann.sees(bob);
});

scene('without HTTPS the reason is said', async ({ server, join }) => {
  const url = server.url.replace('127.0.0.1', 'insecure.test');
  const ann = await join('bare', { name: 'Ann', source: null, url });
  await ann.is('media', 'ready');
  equal((await ann.look()).note,
    'No camera or microphone: the page needs HTTPS or localhost for them. You can still watch and listen.', 'the sentence');
  const bob = await join('chromium', BOB);
  await ann.dial('Bob');
  await bob.accept();
  await ann.sees(bob);
});

scene('?view=only asks for nothing', async ({ join }) => {
  const ann = await join('chromium', { ...ANN, params: { view: 'only' } });
  const bob = await join('chromium', BOB);
  await bob.talkTo(ann);
  await ann.sees(bob);
  equal([(await ann.look()).media, (await bob.look()).remoteVideo], ['off', 'no'], 'Ann sends');
});

scene('permission that comes during the call brings the picture', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { name: 'Ann', source: { ...ANN.source, late: 9000 } }), join('firefox', BOB)]);
  await bob.talkTo(ann);
  await ann.sees(bob);
  await bothWays(ann, bob);
});

scene('a browser that refuses sound shows the picture and a button', async ({ join }) => {
  const ann = await join('bare', { name: 'Ann', source: null, shy: true, params: { view: 'only', answer: 'auto' } });
  const bob = await join('chromium', BOB);
  await bob.dial('Ann');
  await ann.state('connected');
  await ann.is('focus', 'unmute');
  await seesBall(ann.page, { colour: 'green' });
  equal(await ann.page.$eval('#unmute', (b) => [b.hidden, b.innerText.trim()]), [false, 'Tap to hear\nThe browser plays no sound before you touch the page.'], 'the button');
  equal(await ann.page.$eval('#tiles video', (v) => v.muted), true, 'muted');
  await ann.click('#unmute');
  await ann.hears(bob);
  equal(await ann.page.$eval('#unmute', (b) => b.hidden), true, 'the button is gone');
});
