// SPDX-License-Identifier: LGPL-2.1-or-later
// A person at a page, in a browser of its own: clicks, and the times that the
// page's own clock gives them.
import fs from 'node:fs';
import { launch } from '../support/browsers.mjs';
import { until } from '../support/harness.mjs';

// Runs in the page before its own scripts. Time 0 is the page's. "first" is the
// first requestVideoFrameCallback of a <video> that shows a remote's track.
function instrument() {
  const bench = window.__bench = { wanted: true, waiting: [] };
  bench.reset = () => Object.assign(bench, { click: 0, received: 0, first: 0, wanted: true });
  bench.reset();
  const remote = new Set();
  const tell = () => bench.waiting.splice(0).forEach(f => f());
  bench.done = (ms) => new Promise((resolve) => {
    const say = () => {
      clearTimeout(timer);
      const { click, received, first } = bench;
      resolve({ click, received, first });
    };
    const timer = setTimeout(say, ms);
    if (bench.first) say();
    else bench.waiting.push(say);
  });

  addEventListener('click', (e) => { bench.click ||= e.timeStamp; }, true);
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, args) {
      const socket = new target(...args);
      socket.addEventListener('message', (e) => {
        if (typeof e.data === 'string' && e.data.startsWith('42["call-made"')) bench.received ||= performance.now();
      });
      return socket;
    },
  });
  window.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, args) {
      const connection = new target(...args);
      connection.addEventListener('track', (e) => remote.add(e.track.id));
      return connection;
    },
  });
  const watched = new WeakSet();
  const watch = (video) => {
    watched.add(video);
    const frame = () => {
      const shown = video.srcObject?.getVideoTracks?.()[0];
      if (bench.wanted && shown && remote.has(shown.id)) {
        bench.wanted = false;
        bench.first = performance.now();
        tell();
      }
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  };
  const native = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...native,
    set(stream) {
      native.set.call(this, stream);
      if (this instanceof HTMLVideoElement && stream && !watched.has(this)) watch(this);
    },
  });
}

// A browser is a session of its own, and Linux shares the processor out between
// sessions: it gets the priority that ours may have been given.
function samePriority(browser) {
  try {
    const nice = /nice (-?\d+)/.exec(fs.readFileSync('/proc/self/autogroup', 'utf8'))[1];
    fs.writeFileSync(`/proc/${browser.puppet.process().pid}/autogroup`, nice);
  } catch { /* another system, or not allowed: nothing was given */ }
}

export class PagePeer {
  // @kind: "page", ours, or "tutorial".
  static async open(browserName, kind, server, query) {
    const peer = new PagePeer();
    peer.kind = kind;
    peer.browser = await launch(browserName, { camera: true });
    samePriority(peer.browser);
    try {
      peer.page = await peer.browser.page(null, { init: [`(${instrument})()`] });
      peer.url = kind === 'tutorial' ? `${server}/tutorial/` : `${server}/?${new URLSearchParams(query)}`;
      await peer.load();
    } catch (e) {
      await peer.close();
      throw e;
    }
    return peer;
  }

  #body(key) {
    return this.page.evaluate(k => document.body.dataset[k], key);
  }

  // Afresh, with media and online.
  async load() {
    await this.page.goto(this.url, { waitUntil: 'domcontentloaded' });
    const ready = this.kind === 'tutorial'
      ? async () => await this.#body('ownId') && await this.#body('media')
      : async () => await this.#body('ownId') && await this.page.evaluate(() => document.getElementById('local').videoWidth > 0);
    await until(ready, `${this.browser.name} to be online with its camera`);
    this.id = await this.#body('ownId');
  }

  #user(id) {
    return `${this.kind === 'tutorial' ? 'li' : 'button'}[data-user-id="${id}"]`;
  }

  async reset() {
    await this.page.evaluate(() => window.__bench.reset());
  }

  // The times of this call; first is 0 where no frame came.
  async times(ms = 20000) {
    const times = await this.page.evaluate(m => window.__bench.done(m), ms);
    if (!times.first) throw new Error(`no remote frame in ${this.browser.name} within ${ms} ms`);
    return times;
  }

  async click(id) {
    await this.page.waitForSelector(`${this.#user(id)}:not([aria-disabled="true"])`, { timeout: 15000 });
    await this.page.click(this.#user(id));
  }

  // Ends the call, and is ready for another one.
  async end() {
    if (this.kind === 'page') await this.page.click('#hang-up');
    return this.after();
  }

  // The remote has ended the call. The tutorial's page has one connection for
  // everything and no hang-up: it is loaded again.
  after() {
    return this.kind === 'tutorial' ? this.load()
      : until(async () => await this.#body('state') === 'idle', 'the page to be idle');
  }

  async close() {
    await this.browser.close();
  }
}
