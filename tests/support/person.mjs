// SPDX-License-Identifier: LGPL-2.1-or-later
// A person in front of our page: what they see, and what they click.
import { check, until } from './harness.mjs';
import { sourceScript, seesBall, seesNoBall, hearsTone, hearsSilence } from './media.mjs';

export class Person {
  // A way to look without touching; what puppeteer evaluates counts as a gesture.
  #shy = null;

  // name; shy: the browser must not think that it was touched; source: what sourceScript() takes, or null for the browser's own
  // devices; params: more of the address, such as {answer: 'auto'}.
  static async join(t, browser, url, { name, source = {}, params = {}, ...options }) {
    const address = new URL(url);
    address.search = new URLSearchParams({ ...(name && { name }), ...params });
    const page = await browser.page(t, {
      ...options, url: address.href, init: [...(options.init ?? []), ...(source ? [sourceScript(source)] : [])],
    });
    const person = new Person(page, name, source, browser.name);
    if (options.shy)
      person.#shy = await page.createCDPSession();
    t.note(async () => t.note(`${name}: ${JSON.stringify(await person.look().catch((e) => e.message))} ${page.problems.join(' | ')}`));
    await person.is('signalling', 'connected');
    return person;
  }

  constructor(page, name, source, browserName) {
    Object.assign(this, { page, name, source, browserName });
  }

  // Everything that the page says about itself. remoteVideo: of the first tile.
  async look() {
    const what = () => ({
      ...document.body.dataset,
      remoteVideo: document.querySelector('#tiles .tile')?.dataset.video ?? 'no',
      status: document.getElementById('status').textContent,
      note: document.getElementById('media-note-text').textContent,
      users: [...document.querySelectorAll('#users button')].map((b) => b.dataset.userName),
      dialog: document.getElementById('incoming').open,
      title: document.title,
      unread: document.getElementById('talk-toggle').dataset.unread ?? '',
      lines: [...document.querySelectorAll('#talk-log .line')].map((l) => [...l.children].map((c) => c.textContent).join(': ')),
      announced: document.getElementById('announce').textContent,
      focus: document.activeElement?.id || document.activeElement?.dataset?.userName || document.activeElement?.tagName,
      tiles: [...document.querySelectorAll('#tiles .tile')].map(({ dataset: { name, state, video, muted, screen } }) => ({ name, state, video, muted, screen })),
    });
    if (!this.#shy)
      return this.page.evaluate(what);
    return (await this.#shy.send('Runtime.evaluate', { expression: `(${what})()`, returnByValue: true })).result.value;
  }

  until(fn, what, ms = 20000) {
    return until(async () => fn(await this.look()), async () => `${this.name} to see ${what}, sees ${JSON.stringify(await this.look())}`, ms);
  }

  is(key, value, ms) {
    return this.until((seen) => seen[key] === value, `${key} ${value}`, ms);
  }

  state(value, ms) {
    return this.is('state', value, ms);
  }

  says(text, ms) {
    return this.until((seen) => seen.status.includes(text), `"${text}"`, ms);
  }

  async idOf(name) {
    return until(() => this.page.evaluate((n) => [...document.querySelectorAll('#users button')]
      .find((b) => b.dataset.userName === n)?.dataset.userId, name), `${name} in the list of ${this.name}`);
  }

  // A real click where a person would click.
  async click(selector) {
    await this.page.waitForSelector(selector, { visible: true, timeout: 10000 });
    await this.page.click(selector);
  }

  // Into a field, and Enter.
  async type(selector, text) {
    await this.click(selector);
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  async dial(name) {
    const id = await this.idOf(name);
    await this.click(`#users button[data-user-id="${id}"]`);
  }

  async accept() {
    await this.is('dialog', true);
    await this.click('#accept');
  }

  // Calls and is answered; both connected.
  async talkTo(other) {
    await this.dial(other.name);
    await other.accept();
    await Promise.all([this.state('connected'), other.state('connected')]);
  }

  sees(other, ms, colour = other.source.colour) {
    return seesBall(this.page, { selector: tileOf(other), colour, ms });
  }

  seesNot(other, ms) {
    return seesNoBall(this.page, { selector: tileOf(other), colour: other.source.colour, ms });
  }

  hears(other, ms) {
    return hearsTone(this.page, { selector: tileOf(other), hz: other.source.hz, ms });
  }

  // With whom this one is connected.
  async with() {
    return (await this.look()).tiles.filter((t) => t.state === 'connected').map((t) => t.name).sort();
  }

  isWith(...names) {
    const wanted = JSON.stringify(names.sort());
    return until(async () => JSON.stringify(await this.with()) === wanted,
      async () => `${this.name} to be with ${names}, is with ${await this.with()}`, 40000);
  }

  hearsNothing(ms) {
    return hearsSilence(this.page, { ms });
  }

  fine(allowed = /^$/) {
    const bad = this.page.problems.filter((p) => !allowed.test(p));
    check(!bad.length, `the page of ${this.name} complains: ${bad.join(' | ')}`);
  }
}

export const tileOf = ({ name }) => `#tiles .tile[data-name="${name}"] video`;

export async function bothWays(a, b) {
  await Promise.all([a.sees(b), b.sees(a), a.hears(b), b.hears(a)]);
}
