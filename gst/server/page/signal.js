// SPDX-License-Identifier: LGPL-2.1-or-later
// The connection to the server: Engine.IO 4 and Socket.IO 5 over WebSocket or,
// where that does not get through, HTTP requests; root namespace, text events.
// It connects again by itself for as long as it is open, with a growing,
// jittered delay.
import { PollSocket } from './poll.js';
import { secret } from './wire.js';

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 30000;
// A server that says nothing for so long after it was asked is none.
const HANDSHAKE_TIME = 15000;
// The same of one that we were connected to a moment ago.
const CHECK_TIME = 1500;

export class Signal {
  // disconnected, connecting, connected, reconnecting
  state = 'disconnected';
  // The server's name for us: by the key it is the same after a reconnect, where
  // the server knows keys.
  id = null;
  // Why the server did not let us in the last time, in its words; else null.
  refusal = null;

  onstate = () => {};
  onevent = () => {};

  #query;
  #key = secret();
  #socket = null;
  #open = false;
  #failures = 0;
  #timer = 0;
  #silence = 0;
  #patience = 45000;
  // Whether the socket has ever said something; which kind the next one is.
  #greeted = false;
  #polling = false;
  // Counts the checks; the timer of the last one.
  #checks = 0;
  #check = 0;

  // query() gives the members of the handshake's query string, anew for
  // every attempt.
  constructor(query = () => ({})) {
    this.#query = query;
    addEventListener('online', () => this.#hurry());
    document.addEventListener('visibilitychange', () => this.#hurry());
  }

  open() {
    if (this.#open)
      return;
    this.#open = true;
    this.#connect();
  }

  close() {
    this.#open = false;
    this.#drop();
    this.#become('disconnected');
  }

  // Connects anew, with what query() says now, and as somebody else.
  restart() {
    this.#key = secret();
    this.#failures = 0;
    this.#drop();
    if (this.#open)
      this.#connect();
  }

  // False while not connected: nothing is kept for later.
  send(event, data) {
    if (this.state !== 'connected')
      return false;
    this.#socket.send(`42${JSON.stringify([event, data])}`);
    return true;
  }

  // The same, on a connection that may be dead without knowing it: where the
  // server does not confirm it, another one is made. Only servers of ours confirm.
  check(event, data) {
    if (this.state !== 'connected')
      return;
    this.#socket.send(`42${++this.#checks}${JSON.stringify([event, data])}`);
    clearTimeout(this.#check);
    this.#check = setTimeout(() => this.#lost(0), CHECK_TIME);
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#become(this.#failures || this.id ? 'reconnecting' : 'connecting');
    const url = new URL('socket.io/', document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = new URLSearchParams({ ...this.#query(), EIO: '4', transport: 'websocket' });
    const socket = this.#polling ? new PollSocket(url) : new WebSocket(url);
    this.#socket = socket;
    this.#greeted = false;
    this.#listenFor(HANDSHAKE_TIME);
    const mine = (fn) => (e) => { if (socket === this.#socket) fn(e); };
    socket.onmessage = mine((e) => typeof e.data === 'string' && this.#packet(e.data));
    socket.onclose = mine(() => this.#lost());
  }

  #packet(text) {
    switch (text[0]) {
      case '0': {
        const { pingInterval = 25000, pingTimeout = 20000 } = parse(text.slice(1)) ?? {};
        this.#greeted = true;
        this.#patience = pingInterval + pingTimeout;
        this.#listenFor(HANDSHAKE_TIME);
        this.#socket.send(`40${JSON.stringify({ key: this.#key })}`);
        break;
      }
      case '1':
        this.#lost();
        break;
      case '2':
        this.#socket.send(`3${text.slice(1)}`);
        this.#listenFor(this.#patience);
        break;
      case '4':
        this.#message(text[1], text.slice(2));
        break;
      default:
    }
  }

  #message(type, text) {
    // Another namespace than the root has its name here; none was asked for.
    if (text[0] === '/')
      return;
    if (type === '0') {
      this.id = parse(text)?.sid ?? null;
      this.refusal = null;
      this.#failures = 0;
      this.#listenFor(this.#patience);
      this.#become('connected');
    } else if (type === '1' || type === '4') {
      if (type === '4')
        this.refusal = String(parse(text)?.message ?? '');
      this.#lost();
    } else if (type === '2') {
      // An id for an acknowledgement may stand in front; nothing here gives one.
      const args = parse(text.replace(/^\d+/, ''));
      if (Array.isArray(args) && typeof args[0] === 'string')
        this.onevent(args[0], args[1] ?? {});
    } else if (type === '3' && parseInt(text, 10) === this.#checks) {
      clearTimeout(this.#check);
    }
  }

  #listenFor(ms) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), ms);
  }

  #lost(wait = null) {
    this.#drop();
    if (!this.#open)
      return;
    // No handshake on one way: the next attempt takes the other.
    if (!this.#greeted)
      this.#polling = !this.#polling;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 1.7 ** this.#failures++);
    this.#become('reconnecting');
    this.#timer = setTimeout(() => this.#connect(), wait ?? delay * (0.5 + Math.random()));
  }

  // The network or the user is back: do not sit out a long delay.
  #hurry() {
    if (this.state === 'reconnecting' && !this.#socket && !document.hidden) {
      this.#failures = 0;
      this.#connect();
    }
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    clearTimeout(this.#check);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #become(state) {
    if (state === this.state)
      return;
    this.state = state;
    this.onstate(state);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
