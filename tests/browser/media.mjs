// SPDX-License-Identifier: LGPL-2.1-or-later
// What is sent during a call: on or off and told so, the screen, another
// device; lines of text; and how good the connection is.
import { check, equal, half, test, until } from '../support/harness.mjs';
import { hearsTone, seesBall } from '../support/media.mjs';
import { Person, bothWays, tileOf } from '../support/person.mjs';
import { PAGE, startRelay } from '../support/servers.mjs';
import { ANN, BOB, CARA, browser, scene } from './world.mjs';

const tile = (name, more) => (seen) => {
  const found = seen.tiles.find((t) => t.name === name);
  return found && Object.entries(more).every(([key, value]) => found[key] === value);
};

// Keeps what the page says to the server, each event by name.
const LISTEN = `window.sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (String(data).startsWith('42'))
      sent.push(JSON.parse(String(data).slice(2)));
    return send.call(this, data);
  };`;
const said = (person, event) => person.page.evaluate((e) => sent.filter(([name]) => name === e).map(([, data]) => data), event);

for (const [one, other] of half([['chromium', 'firefox'], ['firefox', 'chromium']])) {
  scene(`${one}: what is off is told to ${other}, before and during the call`, async ({ join }) => {
    const [ann, bob] = await Promise.all([join(one, ANN), join(other, BOB)]);
    await ann.is('media', 'ready');
    await ann.click('#camera');
    await ann.talkTo(bob);
    await bob.until(tile('Ann', { video: 'no', muted: 'no' }), 'the camera of Ann off');
    equal(await bob.page.$eval('.tile .poster-text', (p) => p.textContent), 'Camera is off', 'in words');
    await ann.click('#mute');
    await bob.until(tile('Ann', { video: 'no', muted: 'yes' }), 'Ann muted');
    equal(await bob.page.$eval('.tile-muted', (m) => m.getAttribute('aria-label')), 'Ann has the microphone off', 'for who cannot see it');
    await ann.until(tile('Bob', { video: 'yes', muted: 'no' }), 'Bob as he is');
    await ann.click('#mute');
    await ann.click('#camera');
    await bob.until(tile('Ann', { video: 'yes', muted: 'no' }), 'Ann as before');
    await bothWays(ann, bob);
  });
}

scene('the screen takes the place of the camera, and gives it back', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { ...ANN, init: [LISTEN], source: { ...ANN.source, screen: 'magenta' } }), join('firefox', BOB)]);
  await ann.talkTo(bob);
  await bob.sees(ann);
  const offers = (await said(ann, 'call-user')).length;
  await ann.click('#share');
  await bob.sees(ann, undefined, 'magenta');
  await bob.until(tile('Ann', { screen: 'yes', video: 'yes' }), 'a screen');
  await seesBall(ann.page, { selector: '#local', colour: 'magenta' });
  equal(await ann.page.$eval('#share', (b) => [b.getAttribute('aria-pressed'), b.getAttribute('aria-label')]),
    ['true', 'Stop sharing your screen'], 'the button');
  await ann.click('#share');
  await bob.sees(ann);
  await bob.until(tile('Ann', { screen: 'no', video: 'yes' }), 'a camera');
  // The browser's own button.
  await ann.click('#share');
  await bob.sees(ann, undefined, 'magenta');
  await ann.page.evaluate(() => testScreens.at(-1).dispatchEvent(new Event('ended')));
  await bob.sees(ann);
  equal((await said(ann, 'call-user')).length, offers, 'offers: nothing is negotiated for it');
  await ann.click('#share');
  await ann.click('#hang-up');
  await ann.state('idle');
  equal((await ann.look()).sharing, 'no', 'after the call');
});

scene('the screen of somebody without a camera', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { name: 'Ann', source: { video: false, hz: 440, colour: 'red', screen: 'magenta' } }), join('chromium', BOB)]);
  await bob.talkTo(ann);
  await bob.until(tile('Ann', { video: 'no' }), 'no picture');
  await ann.click('#share');
  await bob.sees(ann, undefined, 'magenta');
  await ann.click('#share');
  await bob.until(tile('Ann', { video: 'no', screen: 'no' }), 'no picture again');
  await bob.hears(ann);
});

scene('Chromium captures a real screen', async ({ join }) => {
  const [ann, bob] = await Promise.all([join('chromium', ANN), join('chromium', { name: 'Bob', source: null })]);
  await ann.talkTo(bob);
  await bob.click('#share');
  await ann.until(tile('Bob', { screen: 'yes', video: 'yes' }), 'the screen of Bob');
  await bob.click('#share');
  await ann.until(tile('Bob', { screen: 'no', video: 'yes' }), 'his camera');
});

const DEVICES = [
  { kind: 'audioinput', id: 'm1', label: 'Headset', hz: 440 },
  { kind: 'audioinput', id: 'm2', label: 'Table', hz: 880 },
  { kind: 'videoinput', id: 'c1', label: 'Front', colour: 'red' },
  { kind: 'videoinput', id: 'c2', label: 'Back', colour: 'yellow' },
];

scene('devices are chosen during the call, and remembered', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { ...ANN, source: { ...ANN.source, devices: DEVICES } }), join('firefox', BOB)]);
  await ann.talkTo(bob);
  await bothWays(ann, bob);
  await ann.click('#settings-open');
  const choices = () => ann.page.evaluate(() => ['audio', 'video'].map((kind) => {
    const select = document.getElementById(`device-${kind}`);
    return [...select.options].map((o) => `${o.text}${o.selected ? '*' : ''}`).join(' ');
  }));
  await until(async () => (await choices()).join() === 'Headset* Table,Front* Back', async () => `the choices, there are ${await choices()}`);
  await ann.page.select('#device-video', 'c2');
  await bob.sees(ann, undefined, 'yellow');
  await ann.page.select('#device-audio', 'm2');
  await hearsTone(bob.page, { selector: tileOf(ann), hz: 880 });
  await ann.page.keyboard.press('Escape');
  await ann.click('#hang-up');
  await bob.state('idle');
  await ann.page.reload({ waitUntil: 'domcontentloaded' });
  await ann.is('signalling', 'connected');
  await ann.talkTo(bob);
  await bob.sees(ann, undefined, 'yellow');
});

scene('a camera that is unplugged is replaced by another, and by none in words', async ({ join }) => {
  const [ann, bob] = await Promise.all([
    join('chromium', { ...ANN, source: { ...ANN.source, devices: DEVICES.slice(1) } }), join('firefox', BOB)]);
  await ann.talkTo(bob);
  const plug = (...ids) => ann.page.evaluate((keep, all) => testPlug(all.filter((d) => keep.includes(d.id))), ids, DEVICES);
  await bob.sees(ann);
  await plug('m2', 'c2');
  await bob.sees(ann, undefined, 'yellow');
  await plug('m2');
  await ann.until((seen) => seen.note === 'No camera: it was unplugged. Others hear you but do not see you.', 'the sentence');
  await bob.until(tile('Ann', { video: 'no' }), 'no picture');
  await plug('m2', 'c1');
  await bob.sees(ann);
  await ann.until((seen) => !seen.note, 'no sentence');
});

scene('lines of text reach everybody in the call, and nobody else', async ({ join }) => {
  const [ann, bob, cara] = await Promise.all([
    join('chromium', { ...ANN, source: null, params: { view: 'only' } }),
    join('firefox', { ...BOB, source: null, params: { view: 'only' } }),
    join('chromium', { ...CARA, source: null, params: { view: 'only' } })]);
  const dan = await join('chromium', { name: 'Dan', source: null, params: { view: 'only' } });
  await ann.talkTo(bob);
  await ann.dial('Cara');
  await cara.accept();
  await Promise.all([ann.isWith('Bob', 'Cara'), bob.isWith('Ann', 'Cara')]);
  await ann.click('#talk-toggle');
  await ann.is('focus', 'talk-text');
  await ann.type('#talk-text', '<b>Hello</b> & "you" 👋');
  for (const person of [bob, cara]) {
    await person.is('unread', '1');
    equal((await person.look()).announced, 'Ann writes: <b>Hello</b> & "you" 👋', 'announced');
  }
  await bob.click('#talk-toggle');
  await bob.is('unread', '');
  await bob.type('#talk-text', 'Hello yourself');
  const lines = ['Ann: <b>Hello</b> & "you" 👋', 'Bob: Hello yourself'];
  await cara.until((seen) => JSON.stringify(seen.lines) === JSON.stringify(lines), 'both lines');
  await ann.until((seen) => seen.lines.join() === 'You: <b>Hello</b> & "you" 👋,Bob: Hello yourself', 'both lines');
  // The keyboard alone: Escape closes it, and the focus is where it was.
  await bob.page.keyboard.press('Escape');
  await bob.is('focus', 'talk-toggle');
  equal([(await dan.look()).lines, (await dan.look()).unread], [[], ''], 'what Dan has read');
  await ann.click('#hang-up');
  await bob.isWith('Cara');
  await bob.click('#hang-up');
  await cara.state('idle');
  // The next call begins with an empty page.
  await bob.talkTo(cara);
  equal((await cara.look()).lines, [], 'lines of the call before');
});

scene('the connection in words and in figures', async ({ join }) => {
  const people = await Promise.all([join('chromium', ANN), join('firefox', BOB)]);
  const [ann, bob] = people;
  await ann.talkTo(bob);
  await bothWays(ann, bob);
  const rows = (person) => person.page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#details dt')]
    .map((dt) => [dt.textContent, dt.nextElementSibling.textContent])));
  const wanted = {
    'Path': /^Direct$/, 'Round trip': /^\d+ ms$/, 'Lost on the way here': /^[\d.]+ %$/,
    'Picture received': /^\d{2,} kbit\/s, \d+×\d+, \d+ fps, (VP8|VP9|H264|AV1)$/, 'Picture sent': /^\d{2,} kbit\/s, \d+×\d+, \d+ fps, (VP8|VP9|H264|AV1)$/,
    'Sound received': /^\d+ kbit\/s, opus$/, 'Sound sent': /^\d+ kbit\/s, opus$/,
  };
  for (const person of people) {
    await person.page.waitForFunction(() => /^(Good|Fair|Poor) connection$/.test(document.querySelector('.quality:not([hidden]) .quality-word')?.textContent));
    await person.click('.quality');
    let seen;
    await until(async () => {
      seen = await rows(person);
      return Object.entries(wanted).every(([key, pattern]) => pattern.test(seen[key]));
    }, () => `figures of ${person.name}, there are ${JSON.stringify(seen)}`);
    check(/^(Ann|Bob): (good|fair|poor) connection$/.test(await person.page.$eval('#details h4', (h) => h.textContent)), 'the heading');
    await person.click('#settings-close');
  }
});

test('base: what a base server does not know is not said to it', async (t) => {
  const relay = await startRelay(t, '4.8.4', { page: PAGE });
  const [ann, bob] = await Promise.all([ANN, BOB].map(async (who) =>
    Person.join(t, await browser('chromium'), relay.url, { ...who, init: [LISTEN] })));
  await ann.click('#users button');
  await bob.accept();
  await bothWays(ann, bob);
  await ann.click('#mute');
  await bob.hearsNothing();
  equal(await ann.page.$eval('#talk-toggle', (b) => b.hidden), true, 'no text chat');
  await ann.click('#hang-up');
  await bob.says('Ann hung up');
  for (const person of [ann, bob]) {
    const events = await person.page.evaluate(() => [...new Set(sent.map(([name]) => name))].sort());
    equal(events.filter((e) => !['call-user', 'make-answer'].includes(e)), [], `what ${person.name} has said`);
    person.fine();
  }
});
