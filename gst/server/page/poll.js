// SPDX-License-Identifier: LGPL-2.1-or-later
// Engine.IO 4 over HTTP requests, for networks that let no WebSocket through.
// Looks like a WebSocket to signal.js.

const SEPARATOR = '\x1e';

export class PollSocket {
  onmessage = () => {};
  onclose = () => {};

  #url;
  #gone = new AbortController();
  #outbox = [];
  #posting = false;

  constructor(url) {
    this.#url = new URL(url);
    this.#url.protocol = this.#url.protocol.replace('ws', 'http');
    this.#url.searchParams.set('transport', 'polling');
    this.#receive();
  }

  send(packet) {
    this.#outbox.push(packet);
    this.#post();
  }

  close() {
    if (this.#gone.signal.aborted)
      return;
    this.#gone.abort();
    // Says good-bye, and does not wait for what comes back.
    if (this.#url.searchParams.has('sid'))
      fetch(this.#url, { method: 'POST', body: '1', keepalive: true }).catch(() => {});
  }

  async #receive() {
    // Lets the creator set its handlers.
    await null;
    while (!this.#gone.signal.aborted) {
      const body = await this.#request({});
      if (body === null)
        return;
      for (const packet of body.split(SEPARATOR)) {
        if (packet[0] === '0')
          this.#remember(packet);
        this.onmessage({ data: packet });
      }
    }
  }

  // Every later request names the session that the first answer began.
  #remember(packet) {
    try {
      this.#url.searchParams.set('sid', JSON.parse(packet.slice(1)).sid);
    } catch {
      this.#fail();
    }
  }

  // One request at a time, with all that has gathered meanwhile.
  async #post() {
    if (this.#posting)
      return;
    this.#posting = true;
    while (this.#outbox.length && !this.#gone.signal.aborted)
      await this.#request({ method: 'POST', body: this.#outbox.splice(0).join(SEPARATOR) });
    this.#posting = false;
  }

  // The body, or null where there is none to be had: then it is over.
  async #request(options) {
    try {
      const response = await fetch(this.#url, { ...options, cache: 'no-store', signal: this.#gone.signal });
      if (response.ok)
        return await response.text();
    } catch {
      // Below.
    }
    this.#fail();
    return null;
  }

  #fail() {
    if (this.#gone.signal.aborted)
      return;
    this.#gone.abort();
    this.onclose();
  }
}
