// SPDX-License-Identifier: LGPL-2.1-or-later
// One call with one remote: its states, its offers and answers, its end. The
// words for states and reasons are those of the element chatpeer.

const NEXT = {
  idle: ['calling', 'ringing'],
  calling: ['ringing', 'connecting', 'ending'],
  ringing: ['connecting', 'ending'],
  connecting: ['connected', 'ending'],
  connected: ['ending'],
  ending: ['idle'],
};

// How long a state may last, in ms, and why the call ends then.
const PATIENCE = {
  calling: [45000, 'no-answer'],
  ringing: [60000, 'no-answer'],
  connecting: [25000, 'failed'],
};

// Descriptions go out with their candidates in them: when they have stopped
// coming for QUIET ms, at the latest after GATHER ms. Later ones go in a second round.
const QUIET = 15;
const GATHER = 150;
// How long the second round waits for the gathering to be complete.
const GATHER_ALL = 500;
// How long the user may think about the browser's question for the camera
// before the call goes on without.
const MEDIA_TIME = 4000;
// Nothing from a remote that has left the server: how long it may be.
const GONE_TIME = 2500;
// The way through the server is longer than the direct one: the good-bye is
// to be there before the connection is closed.
const GOOD_BYE = 250;

export class Call {
  state = 'idle';
  role = null;
  // Why it ended: hung-up, declined, busy, no-answer, cancelled, lost, gone, failed.
  reason = null;
  // Who ended it: local or remote.
  by = null;
  // The connection is there, but nothing comes through at the moment.
  weak = false;
  since = 0;
  stream = new MediaStream();

  onchange = () => {};

  #link;
  #pc = null;
  #queue = Promise.resolve();
  // Counts the connections: what belongs to an older one is stale.
  #epoch = 0;
  #timer = 0;
  #watch = 0;
  #held = null;
  #remoteChat = null;
  #seq = 0;
  #rounds = 0;
  #sentCandidates = 0;
  #theirs = { offer: null, answer: null };
  #answer = null;

  // remote: {id, name}. link: what the call needs of the rest: send(event,
  // data), relay (whether the server relays the extensions), ownId, ownName,
  // iceServers, media.
  constructor(remote, link) {
    this.remote = remote;
    this.session = null;
    this.#link = link;
  }

  get over() {
    return this.state === 'ending' || this.reason !== null;
  }

  // Whether both sides have agreed on this call, or ours has been asked to.
  get settled() {
    return this.role === 'callee' || this.state === 'connecting' || this.state === 'connected';
  }

  // ---- what the user does ----

  start() {
    this.role = 'caller';
    this.session = randomSession();
    this.#become('calling');
    this.#do(async () => {
      await this.#link.media.settled(MEDIA_TIME);
      this.#open();
      for (const kind of ['audio', 'video'])
        this.#addTransceiver(kind);
      await this.#sendOffer();
    });
  }

  accept() {
    if (this.state !== 'ringing' || this.role !== 'callee')
      return;
    this.#become('connecting');
    this.#answerAnew();
  }

  decline() {
    this.end('declined', 'local');
  }

  hangUp() {
    this.end(this.state === 'calling' || this.state === 'ringing' ? 'cancelled' : 'hung-up', 'local');
  }

  // A camera or microphone came during the call.
  mediaChanged() {
    if (this.state !== 'connecting' && this.state !== 'connected')
      return;
    this.#do(async (pc) => {
      let changed = false;
      for (const track of this.#link.media.stream.getTracks()) {
        if (pc.getSenders().some((s) => s.track === track))
          continue;
        const free = pc.getTransceivers().find((t) => t.receiver.track.kind === track.kind && t.mid !== null);
        if (free) {
          await free.sender.replaceTrack(track);
          changed ||= !free.direction.startsWith('send');
          free.direction = 'sendrecv';
        } else {
          pc.addTrack(track, this.#link.media.stream);
          changed = true;
        }
      }
      if (changed && pc.signalingState === 'stable')
        await this.#sendOffer();
    });
  }

  // ---- what the remote does ----

  offered(offer) {
    if (offer.sdp === this.#theirs.offer) {
      // Some servers relay everything twice.
      if (this.#answer)
        this.#link.send('make-answer', { answer: this.#answer, to: this.remote.id });
      return;
    }
    if (this.state === 'idle') {
      this.role = 'callee';
      this.#hold(offer);
      this.#become('ringing');
      this.#tell('ringing');
    } else if (this.state === 'ringing' && this.role === 'callee') {
      this.#hold(offer);
    } else if (this.state === 'calling' || this.state === 'ringing') {
      if (this.#ourOfferStands(offer))
        return;
      this.role = 'callee';
      this.#hold(offer);
      this.#become('connecting');
      this.#answerAnew();
    } else if (!this.over) {
      this.#renegotiate(offer);
    }
  }

  answered(answer) {
    // Late, twice, or to an offer that was withdrawn.
    if (this.over || !this.#seq)
      return;
    if (answer.sdp === this.#theirs.answer || answer.chat?.seq < this.#seq)
      return;
    this.#learn(answer.chat);
    if (this.state === 'calling' || this.state === 'ringing')
      this.#become('connecting');
    this.#do(async (pc) => {
      if (pc.signalingState !== 'have-local-offer')
        return;
      this.#theirs.answer = answer.sdp;
      await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
      if (!this.#remoteChat)
        await this.#gathered(GATHER_ALL, GATHER_ALL);
      this.#maybeAgain();
    });
  }

  remoteRings() {
    if (this.state === 'calling')
      this.#become('ringing');
  }

  // reason: one of ours, whatever the remote says.
  remoteEnds(reason) {
    this.end(reason, 'remote');
  }

  // The remote has left the server. Its media may go on: it may only have
  // lost its server, as we may lose ours.
  remoteGone() {
    if (this.state !== 'connected') {
      this.end('gone', 'remote');
      return;
    }
    let [before, quiet] = [-1, 0];
    clearInterval(this.#watch);
    this.#watch = setInterval(async () => {
      const bytes = await received(this.#pc);
      quiet = bytes === before ? quiet + 500 : 0;
      before = bytes;
      if (quiet >= GONE_TIME)
        this.end('gone', 'remote');
    }, 500);
  }

  // Our server is gone. What is connected stays so.
  offline() {
    if (this.state === 'calling' || this.state === 'ringing')
      this.end('lost', 'local');
  }

  end(reason, by) {
    if (this.over || this.state === 'idle')
      return;
    if (by === 'local')
      this.#sayGoodBye(reason);
    [this.reason, this.by] = [reason, by];
    this.#become('ending');
    clearInterval(this.#watch);
    this.#close(by === 'local' && this.#link.relay ? GOOD_BYE : 0);
    this.#become('idle');
  }

  // ---- offers and answers ----

  #sayGoodBye(reason) {
    if (this.state === 'ringing' && this.role === 'callee')
      this.#tell('decline', reason);
    else if (this.state === 'calling' || this.state === 'ringing')
      this.#tell('cancel', reason);
    else
      this.#tell('hang-up', reason);
  }

  #tell(event, reason) {
    if (this.#link.relay)
      this.#link.send(event, { to: this.remote.id, session: this.session ?? undefined, reason });
  }

  // Both call each other: the offer of the lower id stands. A base peer knows
  // no such rule and answers ours in any case, so ours stands once it is sent.
  #ourOfferStands(offer) {
    return this.#seq > 0 && (!offer.chat || this.#link.ownId < this.remote.id);
  }

  #hold(offer) {
    this.#held = offer;
    this.session = offer.chat?.session ?? null;
    this.#learn(offer.chat);
  }

  #learn(chat) {
    this.#remoteChat = chat ?? this.#remoteChat;
    const name = chat?.name?.trim();
    if (name)
      this.remote.name = name.slice(0, 64);
  }

  // Answers the held offer on a connection of its own: a fresh one for every
  // call, because a used one cannot talk to another partner.
  #answerAnew() {
    this.#close();
    this.#seq = 0;
    this.#do(async () => {
      await this.#link.media.settled(MEDIA_TIME);
      const pc = this.#open();
      for (const track of this.#link.media.stream.getTracks())
        pc.addTrack(track, this.#link.media.stream);
      await this.#sendAnswer(this.#held);
    });
  }

  #renegotiate(offer) {
    this.#learn(offer.chat);
    this.#do(async (pc) => {
      if (pc.signalingState === 'have-local-offer' && this.#ourOfferStands(offer))
        return;
      if (pc.remoteDescription && isOther(offer.sdp, pc.remoteDescription.sdp)) {
        // The remote has begun anew behind the same id.
        this.#held = offer;
        this.#answerAnew();
        return;
      }
      await this.#sendAnswer(offer);
    });
  }

  async #sendAnswer(offer) {
    const pc = this.#pc;
    this.#theirs.offer = offer.sdp;
    this.#answer = null;
    await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    await this.#gathered(GATHER, QUIET);
    if (pc !== this.#pc)
      return;
    this.#answer = this.#describe(offer.chat?.seq ?? 1);
    this.#link.send('make-answer', { answer: this.#answer, to: this.remote.id });
    this.#complete();
  }

  async #sendOffer() {
    const pc = this.#pc;
    await pc.setLocalDescription(await pc.createOffer());
    await this.#gathered(GATHER, QUIET);
    if (pc !== this.#pc)
      return;
    this.#sentCandidates = countCandidates(pc.localDescription.sdp);
    this.#link.send('call-user', { offer: this.#describe(++this.#seq), to: this.remote.id });
  }

  #describe(seq) {
    const { type, sdp } = this.#pc.localDescription;
    const chat = { protocol: 1, session: this.session ?? undefined, name: this.#link.ownName, trickle: false, seq };
    return { type, sdp, chat };
  }

  // The caller's second round. A base remote gathers only after it has
  // answered, and says its candidates in its second answer; one of ours needs
  // it only if we have found more since our offer.
  #maybeAgain() {
    const pc = this.#pc;
    if (this.role !== 'caller' || this.#rounds || this.state !== 'connecting' || pc.signalingState !== 'stable')
      return;
    const news = pc.iceGatheringState === 'complete'
      && countCandidates(pc.localDescription.sdp) > this.#sentCandidates;
    if (this.#remoteChat && !news)
      return;
    this.#rounds++;
    this.#do(() => this.#sendOffer());
  }

  // An offer can leave out what we have to send: a base page that has no
  // camera offers no video, and nothing at all before it has permission.
  #complete() {
    const pc = this.#pc;
    const empty = !pc.getTransceivers().some((t) => t.mid !== null);
    const unsent = pc.getTransceivers().some((t) => t.mid === null && t.sender.track);
    if (this.#rounds || !(empty || (unsent && pc.connectionState === 'connected')))
      return;
    this.#rounds++;
    this.#do(async () => {
      for (const kind of ['audio', 'video']) {
        if (!pc.getTransceivers().some((t) => t.receiver.track.kind === kind))
          this.#addTransceiver(kind);
      }
      await this.#sendOffer();
    });
  }

  // ---- the connection ----

  #open() {
    const pc = new RTCPeerConnection({ iceServers: this.#link.iceServers });
    this.#pc = pc;
    const mine = (fn) => (e) => { if (pc === this.#pc) fn(e); };
    pc.ontrack = mine((e) => this.#addRemote(e.track));
    pc.onconnectionstatechange = mine(() => this.#linkChanged(pc));
    pc.addEventListener('icegatheringstatechange', mine(() => {
      if (pc.iceGatheringState === 'complete' && this.#theirs.answer)
        this.#maybeAgain();
    }));
    return pc;
  }

  // Both kinds are always asked for, also where there is nothing to send.
  #addTransceiver(kind) {
    const track = this.#link.media.track(kind);
    this.#pc.addTransceiver(track ?? kind, track
      ? { direction: 'sendrecv', streams: [this.#link.media.stream] }
      : { direction: 'recvonly' });
  }

  #addRemote(track) {
    // One of a kind: a remote that renegotiates may bring another.
    for (const old of this.stream.getTracks()) {
      if (old.kind === track.kind && old !== track)
        this.stream.removeTrack(old);
    }
    this.stream.addTrack(track);
    track.onmute = track.onunmute = () => this.onchange(this);
    this.onchange(this);
  }

  #linkChanged(pc) {
    this.weak = pc.connectionState === 'disconnected';
    if (pc.connectionState === 'connected' && this.state === 'connecting') {
      this.since = Date.now();
      this.#become('connected');
      this.#watchTransport(pc);
      if (this.role === 'callee')
        this.#complete();
    } else if (pc.connectionState === 'failed') {
      this.end(this.since ? 'lost' : 'failed', 'local');
    } else {
      this.onchange(this);
    }
  }

  // The far end closes its connection: with a base peer the only good-bye.
  #watchTransport(pc) {
    const transport = pc.getReceivers().map((r) => r.transport).find(Boolean);
    transport?.addEventListener('statechange', () => {
      if (pc === this.#pc && transport.state === 'closed')
        this.end('hung-up', 'remote');
    });
  }

  // Resolves when no candidate came for @quiet ms, at the latest after @limit.
  #gathered(limit, quiet) {
    const pc = this.#pc;
    // Without any media nothing is ever gathered.
    if (pc.iceGatheringState === 'complete' || !pc.getTransceivers().some((t) => t.mid !== null))
      return Promise.resolve();
    // Servers answer after the first candidates are there: worth the whole time.
    const pausing = this.#link.iceServers.length ? limit : quiet;
    return new Promise((resolve) => {
      let pause = 0;
      const done = () => {
        clearTimeout(pause);
        clearTimeout(end);
        pc.removeEventListener('icecandidate', step);
        pc.removeEventListener('icegatheringstatechange', step);
        resolve();
      };
      const step = () => {
        clearTimeout(pause);
        if (pc.iceGatheringState === 'complete')
          done();
        else if (countCandidates(pc.localDescription?.sdp ?? ''))
          pause = setTimeout(done, pausing);
      };
      const end = setTimeout(done, limit);
      pc.addEventListener('icecandidate', step);
      pc.addEventListener('icegatheringstatechange', step);
      step();
    });
  }

  // Nothing is sent or shown from here on, also where the closing itself is
  // put off for @ms.
  #close(ms = 0) {
    const pc = this.#pc;
    this.#pc = null;
    this.#epoch++;
    this.#queue = Promise.resolve();
    this.#answer = null;
    if (pc && ms) {
      pc.getSenders().forEach((sender) => sender.replaceTrack(null).catch(() => {}));
      setTimeout(() => pc.close(), ms);
    } else {
      pc?.close();
    }
    for (const track of this.stream.getTracks())
      this.stream.removeTrack(track);
  }

  // ---- order ----

  // One after the other; what was meant for a connection that is gone is dropped.
  #do(work) {
    const epoch = this.#epoch;
    this.#queue = this.#queue.then(async () => {
      if (epoch !== this.#epoch)
        return;
      try {
        await work(this.#pc);
      } catch (error) {
        if (epoch !== this.#epoch)
          return;
        console.warn('call:', error.message);
        this.end('failed', 'local');
      }
    });
  }

  #become(state) {
    if (!NEXT[this.state].includes(state))
      throw new Error(`a call does not go from ${this.state} to ${state}`);
    this.state = state;
    clearTimeout(this.#timer);
    if (PATIENCE[state]) {
      const [ms, reason] = PATIENCE[state];
      this.#timer = setTimeout(() => this.end(reason, 'local'), ms);
    }
    this.onchange(this);
  }
}

function randomSession() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

const countCandidates = (sdp) => sdp.split('a=candidate:').length - 1;

// Whether another transport speaks: other credentials and another certificate.
function isOther(sdp, before) {
  const values = (text, name) => text.split(/\r?\n/).filter((l) => l.startsWith(`a=${name}:`));
  const shares = (name) => values(sdp, name).some((line) => values(before, name).includes(line));
  return values(sdp, 'fingerprint').length > 0 && values(before, 'fingerprint').length > 0
    && !shares('fingerprint') && !shares('ice-ufrag');
}

async function received(pc) {
  let bytes = 0;
  (await pc?.getStats())?.forEach((s) => {
    if (s.type === 'inbound-rtp' || s.type === 'transport' || s.type === 'candidate-pair')
      bytes += s.bytesReceived ?? 0;
  });
  return bytes;
}
