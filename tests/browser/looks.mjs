// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page looks like and what assistive technology finds in it: phone
// and desktop, light and dark. Pictures go to out/browser/.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { check, equal, half, pause } from '../support/harness.mjs';
import { ANN, BOB, out, scene } from './world.mjs';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = { tiny: [320, 568], phone: [360, 740], wide: [740, 360], desktop: [1280, 800] };
const SCHEMES = { tiny: [true], phone: [false, true], wide: [false], desktop: [false, true] };

async function inspect(person, name) {
  await mkdir(out, { recursive: true });
  await person.page.screenshot({ path: path.join(out, `${name}.png`) });
  const found = await person.page.evaluate(async (source) => {
    if (!window.axe)
      (0, eval)(source);
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  }, await readFile(axeFile, 'utf8'));
  equal(found, [], `axe on ${name}`);
  const outside = await person.page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const cut = [...document.querySelectorAll('button, input, dialog[open], #status')]
      .filter((e) => e.checkVisibility() && !e.disabled)
      .map((e) => [e.id || e.className, e.getBoundingClientRect()])
      .filter(([, r]) => r.width && (r.left < -1 || r.right > innerWidth + 1)).map(([n]) => n);
    return wide > 0 || cut.length ? `${wide} px too wide; outside: ${cut}` : '';
  });
  equal(outside, '', `${name}: nothing beyond the edge`);
}

// The page's own rules forbid eval; axe needs it once, from outside.
const relaxed = (page) => page.setBypassCSP(true);

for (const [size, dark] of half(Object.entries(SCHEMES).flatMap(([shape, schemes]) => schemes.map((scheme) => [shape, scheme])))) {
  const [width, height] = SIZES[size];
  scene(`looks and accessibility: ${size}, ${dark ? 'dark' : 'light'}`, async ({ join }) => {
    const shape = { viewport: { width, height }, dark, setup: relaxed };
    const name = (what) => `${size}-${dark ? 'dark' : 'light'}-${what}`;
    const ann = await join('chromium', { ...ANN, ...shape });
    await ann.is('media', 'ready');
    await ann.until((seen) => !seen.users.length, 'nobody');
    await inspect(ann, name('1-alone'));
    const bob = await join('chromium', { ...BOB, params: { view: 'only' }, ...shape });
    await join('chromium', { ...BOB, name: 'Kitchen camera', params: { view: 'only', answer: 'auto' } });
    await join('chromium', { ...BOB, name: 'A very long name, too long for a line', params: { view: 'only' } });
    await ann.idOf('A very long name, too long for a line');
    await inspect(ann, name('2-list'));
    await ann.dial('Bob');
    await ann.state('ringing');
    await bob.is('dialog', true);
    await pause(300);
    await inspect(ann, name('3-ringing'));
    await inspect(bob, name('4-incoming'));
    await bob.accept();
    await bob.sees(ann);
    await pause(300);
    await inspect(bob, name('5-call'));
    await inspect(ann, name('6-call-without-picture'));
    await ann.click('#mute');
    await ann.click('#camera');
    await bob.until((seen) => seen.tiles[0].muted === 'yes', 'Ann muted');
    await bob.click('#talk-toggle');
    await bob.type('#talk-text', 'Are you there? https://example.org/a/long/address/that/does/not/break');
    await ann.until((seen) => seen.unread === '1', 'a line of text');
    await inspect(ann, name('7-call-muted'));
    await inspect(bob, name('8-chat'));
    await bob.click('#settings-open');
    await bob.page.waitForSelector('#details dd');
    await inspect(bob, name('9-settings'));
    await bob.page.keyboard.press('Escape');
    await bob.click('#talk-toggle');
    if (await bob.page.$eval('#people-toggle', (b) => b.checkVisibility())) {
      await bob.click('#people-toggle');
      await inspect(bob, name('10-people'));
    }
    await bob.dial('Kitchen camera');
    await bob.isWith('Ann', 'Kitchen camera');
    await ann.isWith('Bob', 'Kitchen camera');
    await inspect(bob, name('11-three'));
    await bob.click('#hang-up');
    await ann.isWith('Kitchen camera');
    await ann.click('#hang-up');
    await ann.page.click('#name', { count: 3 });
    await pause(300);
    await inspect(ann, name('12-after'));
  });
}

scene('looks and accessibility: devices missing', async ({ join }) => {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    const ann = await join('chromium', { name: 'Ann', source: { deny: true }, viewport: { width, height }, setup: relaxed });
    await ann.is('media', 'ready');
    await ann.until((seen) => seen.note, 'a note');
    await inspect(ann, `${size}-13-no-devices`);
  }
});

scene('status changes are announced, once each', async ({ join }) => {
  const ann = await join('chromium', ANN);
  await ann.page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => said.push(document.getElementById('status').textContent))
      .observe(document.getElementById('status'), { childList: true, characterData: true, subtree: true });
  });
  check(await ann.page.$eval('#status', (s) => s.getAttribute('aria-live') === 'polite'), 'a live region');
  const bob = await join('chromium', BOB);
  await ann.talkTo(bob);
  await bob.click('#hang-up');
  await ann.says('Bob hung up');
  const said = await ann.page.evaluate(() => window.said);
  equal(said.filter((s) => !s.startsWith('Calling') && !s.startsWith('Connecting')),
    ['Pick somebody to call.', 'Ringing at Bob…', 'In a call with Bob', 'Bob hung up.'], 'said');
});
