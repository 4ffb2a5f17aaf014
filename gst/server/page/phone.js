// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is online, and which call a message of the server belongs to. One call
// at a time.
import { Call } from './call.js';

// More than anybody can scroll through; a bound for what a server may send.
const MOST_USERS = 5000;
const LONGEST_ID = 128;
const LONGEST_SDP = 256 * 1024;
// A second offer of a call that is just over is not a new call.
const ECHO_TIME = 1500;

export class Phone {
  // id → name, in the order of arrival
  users = new Map();
  call = null;
  // Reason, side and remote of the call before.
  last = null;

  // accept: ask, or all: every call is taken at once. target: whom to call as
  // soon as they are online (an id, a name, or * for anybody).
  accept = 'ask';
  target = null;

  onchange = () => {};

  #signal;
  #media;
  #name;
  #features = [];
  #iceServers = [];
  #past = [];

  constructor(signal, media, name) {
    this.#signal = signal;
    this.#media = media;
    this.#name = name;
    signal.onevent = (event, payload) => this.#received(event, payload);
    signal.onstate = (state) => this.#signalChanged(state);
  }

  nameOf(id) {
    return this.users.get(id) || `Guest ${id.slice(0, 4)}`;
  }

  // Returns the call, or null where one is going on.
  dial(id) {
    if (this.call || !this.users.has(id))
      return null;
    const call = this.#begin(id);
    call.start();
    return call;
  }

  // ---- what comes from the server ----

  #handlers = {
    'update-user-list': (m) => this.#add(m),
    'remove-user': (m) => this.#remove(m.socketId),
    'server-info': (m) => {
      this.#features = Array.isArray(m.features) ? m.features : [];
      this.#iceServers = Array.isArray(m.iceServers) ? m.iceServers : [];
    },
    'call-made': (m) => withDescription(m.offer, (offer) => this.#offered(m.socket, offer)),
    'answer-made': (m) => withDescription(m.answer, (answer) => this.#answered(m.socket, answer)),
    'ringing': (m) => this.#callOf(m)?.remoteRings(),
    'decline': (m) => this.#callOf(m)?.remoteEnds(['busy', 'no-answer'].includes(m.reason) ? m.reason : 'declined'),
    'cancel': (m) => this.#callOf(m)?.remoteEnds('cancelled'),
    'hang-up': (m) => this.#callOf(m)?.remoteEnds(['lost', 'failed'].includes(m.reason) ? m.reason : 'hung-up'),
  };

  #received(event, payload) {
    // Events of others are none of our business.
    if (Object.hasOwn(this.#handlers, event) && payload && typeof payload === 'object')
      this.#handlers[event](payload);
  }

  #add({ users, names }) {
    if (!Array.isArray(users))
      return;
    const fresh = [];
    for (const id of users) {
      if (!isId(id) || id === this.#signal.id || (!this.users.has(id) && this.users.size >= MOST_USERS))
        continue;
      if (!this.users.has(id))
        fresh.push(id);
      const name = names?.[id];
      this.users.set(id, typeof name === 'string' && name.trim() ? name.trim().slice(0, 64) : this.users.get(id) ?? '');
    }
    this.onchange();
    this.#dialTarget(fresh);
  }

  #remove(id) {
    this.users.delete(id);
    if (this.call?.remote.id === id)
      this.call.remoteGone();
    this.onchange();
  }

  #dialTarget(ids) {
    const found = this.target && ids.find((id) => this.target === '*' || id === this.target || this.users.get(id) === this.target);
    if (found)
      this.dial(found);
  }

  #offered(from, offer) {
    if (!isId(from))
      return;
    const session = offer.chat?.session;
    let { call } = this;
    if (call && session && call.session === session)
      // Its server may have given it another id meanwhile.
      call.remote.id = from;
    if (call?.remote.id === from) {
      if (!(call.settled && session && call.session && session !== call.session)) {
        call.offered(offer);
        return;
      }
      // It calls again: for the remote the call before is over.
      call.remoteEnds('hung-up');
      call = null;
    }
    if (call) {
      this.#tell('decline', { to: from, session, reason: 'busy' });
      return;
    }
    if (this.#isEcho(from, session))
      return;
    const incoming = this.#begin(from);
    incoming.offered(offer);
    if (this.accept === 'all')
      incoming.accept();
  }

  #answered(from, answer) {
    if (this.call?.remote.id === from)
      this.call.answered(answer);
    else if (answer.chat?.session)
      // It has answered what we have given up meanwhile.
      this.#tell('hang-up', { to: from, session: answer.chat.session, reason: 'cancelled' });
  }

  // The session is a secret of the two sides, so it stands for the remote also
  // where a server has given it another id meanwhile.
  #callOf({ socket, session }) {
    const { call } = this;
    const same = session && call?.session === session;
    if (!call || (!same && (call.remote.id !== socket || (session && call.session))))
      return null;
    return call;
  }

  #isEcho(from, session) {
    return this.#past.some((p) => (session ? p.session === session
      : p.id === from && Date.now() - p.at < ECHO_TIME));
  }

  #tell(event, payload) {
    if (this.#features.includes('relay'))
      this.#signal.send(event, payload);
  }

  // ---- what comes from ourselves ----

  #begin(id) {
    const phone = this;
    const call = new Call({ id, name: this.nameOf(id) }, {
      media: this.#media,
      send: (event, data) => this.#signal.send(event, data),
      iceServers: this.#iceServers,
      get relay() { return phone.#features.includes('relay'); },
      get ownId() { return phone.#signal.id; },
      get ownName() { return phone.#name(); },
    });
    call.onchange = () => this.#callChanged(call);
    this.call = call;
    this.last = null;
    return call;
  }

  #callChanged(call) {
    // A base server knows no names; whoever has called has said it.
    if (this.users.get(call.remote.id) === '' && call.remote.name !== this.nameOf(call.remote.id))
      this.users.set(call.remote.id, call.remote.name);
    if (call.reason && call.state === 'idle') {
      const { role, reason, by, remote, session, since } = call;
      this.last = { role, reason, by, remote, since };
      this.#past = [{ id: remote.id, session, at: Date.now() }, ...this.#past].slice(0, 16);
      this.call = null;
    }
    this.onchange();
  }

  #signalChanged(state) {
    if (state !== 'connected') {
      this.users.clear();
      this.#features = [];
      this.call?.offline();
    }
    this.onchange();
  }
}

const isId = (id) => typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID;

// An offer or answer as it may be used: what a remote says is of any type.
function withDescription(description, use) {
  const { sdp, chat } = description ?? {};
  if (typeof sdp !== 'string' || sdp.length > LONGEST_SDP)
    return;
  const text = (value, most) => (typeof value === 'string' && value.length <= most ? value : undefined);
  use(chat && typeof chat === 'object'
    ? { sdp, chat: { session: text(chat.session, 64), name: text(chat.name, 256), seq: Number(chat.seq) || 1 } }
    : { sdp });
}
