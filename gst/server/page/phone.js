// SPDX-License-Identifier: LGPL-2.1-or-later
// Which call a message of the server belongs to. A call is with one remote;
// several of one group make a call of several, each with each.
import { Call } from './call.js';
import { Users } from './users.js';
import { MOST_PEOPLE, candidateFrom, descriptionFrom, isId, mediaFrom, secret } from './wire.js';

// A second offer of a call that is just over is not a new call.
const ECHO_TIME = 1500;

export class Phone {
  users = new Users();
  // In the order of their beginning.
  calls = [];
  // Reason, side and remote of the call that ended last.
  last = null;

  // accept: ask, or all: every call is taken at once. target: whom to call as
  // soon as they are online (an id, a name, or * for anybody).
  accept = 'ask';
  target = null;

  onchange = () => {};
  // (call, text): a line of text from the remote of a call.
  ontext = () => {};

  #signal;
  #media;
  #name;
  #features = [];
  #iceServers = [];
  #past = [];
  // The calls whose members have been called.
  #met = new WeakSet();
  // The secret that those who are in this call together share.
  #group = null;

  constructor(signal, media, name) {
    this.#signal = signal;
    this.#media = media;
    this.#name = name;
    signal.onevent = (event, payload) => this.#received(event, payload);
    signal.onstate = (state) => this.#signalChanged(state);
  }

  // The server brings lines of text, and what the others send, across.
  get relays() {
    return this.#features.includes('relay');
  }

  get connected() {
    return this.calls.filter((call) => call.state === 'connected');
  }

  // Who is asked for an answer, or nobody.
  get incoming() {
    return this.calls.find((call) => call.state === 'ringing' && call.role === 'callee') ?? null;
  }

  callWith(id) {
    return this.calls.find((call) => call.remote.id === id) ?? null;
  }

  canDial(id) {
    return this.users.has(id) && !this.callWith(id) && !this.#isFull
      && (!this.calls.length || this.connected.length > 0);
  }

  get #isFull() {
    return this.calls.length >= MOST_PEOPLE - 1;
  }

  // ---- what the user does ----

  // Calls somebody; from within a call this adds them to it.
  dial(id) {
    if (!this.canDial(id))
      return;
    this.#group ??= secret();
    this.#begin(id).start();
  }

  answer() {
    const { incoming } = this;
    if (!incoming)
      return;
    this.#group = incoming.group ?? secret();
    for (const call of this.#ringingWith(incoming))
      call.accept();
  }

  decline() {
    const { incoming } = this;
    if (incoming)
      this.#ringingWith(incoming).forEach((call) => call.decline());
  }

  // Leaves everybody.
  hangUp() {
    [...this.calls].forEach((call) => call.hangUp());
  }

  mediaChanged() {
    this.calls.forEach((call) => call.mediaChanged());
  }

  say(text) {
    for (const { remote, session } of this.connected)
      this.#tell('chat-message', { to: remote.id, session: session ?? undefined, text });
  }

  // Several of a group may ask at the same time.
  #ringingWith(incoming) {
    return this.calls.filter((call) => call === incoming
      || (call.state === 'ringing' && call.role === 'callee' && call.group && call.group === incoming.group));
  }

  // ---- what comes from the server ----

  #handlers = {
    'update-user-list': (m) => {
      const fresh = this.users.add(m, this.#signal.id);
      this.onchange();
      const found = this.target && !this.calls.length && this.users.find(this.target, fresh);
      if (found)
        this.dial(found);
    },
    'remove-user': (m) => {
      this.users.remove(m.socketId);
      this.callWith(m.socketId)?.remoteGone(m.lost === true);
      this.onchange();
    },
    'server-info': (m) => {
      this.#features = Array.isArray(m.features) ? m.features : [];
      this.#iceServers = Array.isArray(m.iceServers) ? m.iceServers : [];
      // Our id may be another one now: they learn it from this.
      this.connected.forEach((call) => call.sayMedia());
      this.calls.forEach((call) => call.online());
    },
    'call-made': (m) => this.#offered(m.socket, descriptionFrom(m.offer)),
    'answer-made': (m) => this.#answered(m.socket, descriptionFrom(m.answer)),
    'ringing': (m) => this.#callOf(m)?.remoteRings(),
    'decline': (m) => this.#callOf(m)?.remoteEnds(['busy', 'no-answer'].includes(m.reason) ? m.reason : 'declined'),
    'cancel': (m) => this.#callOf(m)?.remoteEnds('cancelled'),
    'hang-up': (m) => this.#callOf(m)?.remoteEnds(['lost', 'failed'].includes(m.reason) ? m.reason : 'hung-up'),
    'media-state': (m) => this.#callOf(m)?.mediaSaid(mediaFrom(m)),
    'ice-candidate': (m) => {
      const candidate = candidateFrom(m.candidate);
      if (candidate !== undefined)
        this.#callOf(m)?.candidate(candidate);
    },
    // Who is not in a call with us has nothing to say.
    'chat-message': (m) => {
      const call = this.#callOf(m);
      if (call?.state === 'connected' && typeof m.text === 'string' && m.text.trim())
        this.ontext(call, m.text);
    },
  };

  #received(event, payload) {
    // Events of others are none of our business.
    if (Object.hasOwn(this.#handlers, event) && payload && typeof payload === 'object')
      this.#handlers[event](payload);
  }

  #offered(from, offer) {
    if (!isId(from) || !offer)
      return;
    const { session, group } = offer.chat ?? {};
    // Its server may have given it another id meanwhile.
    const call = this.calls.find((c) => session && c.session === session) ?? this.callWith(from);
    if (call) {
      const again = call.settled && session && call.session && session !== call.session;
      if (!again) {
        call.remote.id = from;
        call.offered(offer);
        // Both had called: ours was withdrawn, and with it the group that it began.
        if (call.role === 'callee' && call.state !== 'ringing' && this.calls.length === 1)
          this.#group = call.group ?? this.#group;
        return;
      }
      // It calls again: for the remote the call before is over.
      call.remoteEnds('hung-up');
    }
    const joins = this.#joins(group);
    const asked = this.incoming !== null;
    if (this.calls.length && !joins) {
      this.#tell('decline', { to: from, session, reason: 'busy' });
      return;
    }
    if (this.#isEcho(from, session))
      return;
    const incoming = this.#begin(from);
    incoming.offered(offer);
    if (joins && !asked)
      incoming.accept();
    else if (this.accept === 'all')
      this.answer();
  }

  // Whether whoever knows @group belongs to the call that goes on, or to the
  // one that we are being asked to.
  #joins(group) {
    return Boolean(group) && !this.#isFull
      && (this.calls.length > 0 && group === (this.incoming ? this.incoming.group : this.#group));
  }

  #answered(from, answer) {
    if (!answer)
      return;
    const call = this.callWith(from);
    if (call)
      call.answered(answer);
    else if (answer.chat?.session)
      // It has answered what we have given up meanwhile.
      this.#tell('hang-up', { to: from, session: answer.chat.session, reason: 'cancelled' });
  }

  // The session is a secret of the two sides, so it stands for the remote also
  // where a server has given it another id meanwhile.
  #callOf({ socket, session }) {
    const call = this.calls.find((c) => session && c.session === session);
    if (!call)
      return this.calls.find((c) => c.remote.id === socket && !(session && c.session)) ?? null;
    if (isId(socket))
      call.remote.id = socket;
    return call;
  }

  #isEcho(from, session) {
    return this.#past.some((p) => (session ? p.session === session
      : p.id === from && Date.now() - p.at < ECHO_TIME));
  }

  #tell(event, payload) {
    if (this.relays)
      this.#signal.send(event, payload);
  }

  // ---- what comes from ourselves ----

  #begin(id) {
    const phone = this;
    const call = new Call({ id, name: this.users.nameOf(id) }, {
      media: this.#media,
      send: (event, data) => this.#signal.send(event, data),
      check: (event, data) => { if (this.relays) this.#signal.check(event, data); },
      iceServers: this.#iceServers,
      group: (of) => this.#describeGroup(of),
      get relay() { return phone.relays; },
      get ownId() { return phone.#signal.id; },
      get ownName() { return phone.#name(); },
    });
    call.onchange = () => this.#callChanged(call);
    this.calls.push(call);
    this.last = null;
    return call;
  }

  // Who else is here: whoever joins calls them.
  #describeGroup(of) {
    const members = this.calls.filter((call) => call !== of && call.agreed && call.group === this.#group);
    return this.#group ? { group: this.#group, members: members.map((call) => call.remote.id) } : {};
  }

  #callChanged(call) {
    this.users.learn(call.remote.id, call.remote.name);
    if (call.reason && call.state === 'idle')
      this.#forget(call);
    else if (call.state === 'connected' && !this.#met.has(call))
      this.#meet(call);
    // What we can send is for all of them.
    this.connected.forEach((c) => c.oneOf(this.connected.length));
    this.onchange();
  }

  #forget(call) {
    const { role, reason, by, remote, session, since } = call;
    this.last = { role, reason, by, remote, since, at: Date.now() };
    this.#past = [{ id: remote.id, session, at: Date.now() }, ...this.#past].slice(0, 16);
    this.calls = this.calls.filter((c) => c !== call);
    if (!this.calls.length)
      this.#group = null;
  }

  // Calls those of the group whom only the other side knows yet. Once: who is
  // let go later is not called again.
  #meet(call) {
    this.#met.add(call);
    if (call.group !== this.#group)
      return;
    for (const id of call.members) {
      if (id !== this.#signal.id)
        this.dial(id);
    }
  }

  #signalChanged(state) {
    if (state !== 'connected') {
      this.users.clear();
      this.#features = [];
      [...this.calls].forEach((call) => call.offline());
    }
    this.onchange();
  }
}
