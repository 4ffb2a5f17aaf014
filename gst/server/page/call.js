// SPDX-License-Identifier: LGPL-2.1-or-later
// One call with one remote: its states, its offers and answers, its end. The
// words for states and reasons are those of the element chatpeer.
import { Connection } from './connection.js';
import { countCandidates, isOther } from './sdp.js';
import { secret } from './wire.js';

const NEXT = {
  idle: ['calling', 'ringing'],
  calling: ['ringing', 'connecting', 'ending'],
  ringing: ['connecting', 'ending'],
  connecting: ['connected', 'ending'],
  connected: ['connecting', 'ending'],
  ending: ['idle'],
};

// How long a state may last, in ms, and why the call ends then.
const PATIENCE = {
  calling: [45000, 'no-answer'],
  ringing: [60000, 'no-answer'],
  connecting: [25000, 'failed'],
};
// The same for a call that was connected and is being made anew.
const RESUME_TIME = 90000;
// How long a connection may be interrupted before another one is made.
const WEAK_TIME = 2000;
// An offer anew goes out again after so long, and after twice as long each time;
// once it is agreed, the connection has AGREED_TIME to come up.
const AGAIN_TIME = 2000;
const LONGEST_AGAIN_TIME = 8000;
const AGREED_TIME = 5000;
const LOST_TIME = 1000;

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
// And so is an offer anew: a connection that closes before it is there says that
// the call is over. As long as a bad network may take for it.
const LINGER = 15000;
// What a remote may add to its descriptions.
const MOST_CANDIDATES = 128;

export class Call {
  state = 'idle';
  role = null;
  // Why it ended: hung-up, declined, busy, no-answer, cancelled, lost, gone, failed.
  reason = null;
  // Who ended it: local or remote.
  by = null;
  // The connection is there, but nothing comes through at the moment.
  weak = false;
  // It was connected, and is being made anew.
  resuming = false;
  since = 0;
  stream = new MediaStream();
  // What the remote says about what it sends.
  theirMedia = { audio: true, video: true, screen: false };
  // The group that it has joined with this call, and who else is in it.
  group = null;
  members = [];

  onchange = () => {};

  #link;
  #connection = null;
  #queue = Promise.resolve();
  // Counts the connections: what belongs to an older one is stale.
  #epoch = 0;
  #timer = 0;
  #watch = 0;
  #held = null;
  #remoteChat = null;
  // Of our last offer in this session, and of the remote's that was answered last.
  #seq = 0;
  #theirSeq = 0;
  // An offer of ours is under way, or was answered.
  #asked = false;
  // What a call that is being made anew does next, and after how long.
  #again = 0;
  #askedAt = 0;
  #pause = AGAIN_TIME;
  #rounds = 0;
  #sentCandidates = 0;
  // Candidates since our description, kept until it is known whether the
  // remote takes them one by one; null before there is a description.
  #late = null;
  #theirCandidates = 0;
  #theirs = { offer: null, answer: null };
  #answer = null;
  // There is more to send than what was negotiated.
  #unsent = false;
  #sharers = 1;

  // remote: {id, name}. link: what the call needs of the rest: send(event,
  // data), check (event, data), which is to be confirmed, relay (whether the server relays the extensions), ownId, ownName,
  // iceServers, media, group (call) for what a description says about it.
  constructor(remote, link) {
    this.remote = remote;
    this.session = null;
    this.#link = link;
  }

  get over() {
    return this.state === 'ending' || this.reason !== null;
  }

  // Both sides want it.
  get agreed() {
    return this.state === 'connecting' || this.state === 'connected';
  }

  // Agreed, or ours is the side to say yes.
  get settled() {
    return this.role === 'callee' || this.agreed;
  }

  // Both say that candidates may follow one by one.
  get #trickles() {
    return this.#link.relay && Boolean(this.session && this.#remoteChat?.trickle);
  }

  // ---- what the user does ----

  start() {
    this.role = 'caller';
    this.session = secret();
    this.#become('calling');
    this.#do(async () => {
      await this.#link.media.settled(MEDIA_TIME);
      this.#open().offerKinds(this.#link.media);
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

  // Something was switched on or off, came, went or was replaced.
  mediaChanged() {
    if (!this.agreed)
      return;
    this.sayMedia();
    this.#do(async (connection) => {
      this.#unsent = await connection.send(this.#link.media) || this.#unsent;
      await this.#share(connection);
      await this.#sendMore();
    });
  }

  // What of it is on.
  sayMedia() {
    this.#tell('media-state', this.#mediaState);
  }

  get #mediaState() {
    const { media } = this.#link;
    return { audio: media.sends('audio'), video: media.sends('video'), screen: media.sharing };
  }

  // How many calls share what this machine and its line can do.
  oneOf(calls) {
    if (calls === this.#sharers)
      return;
    this.#sharers = calls;
    this.#do((connection) => this.#share(connection));
  }

  // The browser's report, or null where there is no connection.
  async stats() {
    return await this.#connection?.pc.getStats() ?? null;
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
    } else if (this.resuming && this.#asked && !this.#theirs.answer) {
      if (!this.#ourOfferStands(offer))
        this.#startOver(offer);
      else if (Date.now() - this.#askedAt > LOST_TIME)
        // Who offers can be reached: ours was lost before.
        this.#ask();
    } else if (!this.over) {
      this.#renegotiate(offer);
    }
  }

  answered(answer) {
    // Late, twice, or to an offer that was withdrawn.
    if (this.over || !this.#asked)
      return;
    if (answer.sdp === this.#theirs.answer || answer.chat?.seq < this.#seq)
      return;
    this.#learn(answer.chat);
    if (this.state === 'calling' || this.state === 'ringing')
      this.#become('connecting');
    this.#do(async (connection) => {
      const { pc } = connection;
      if (pc.signalingState !== 'have-local-offer')
        return;
      this.#theirs.answer = answer.sdp;
      await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
      this.#sayCandidates();
      if (!this.#remoteChat)
        await connection.gathered(GATHER_ALL, GATHER_ALL);
      this.#maybeAgain();
      await this.#sendMore();
    });
  }

  // One more candidate; null: there are no more.
  candidate(candidate) {
    if (this.over || !this.#trickles || this.#theirCandidates++ >= MOST_CANDIDATES)
      return;
    this.#do(async ({ pc }) => {
      // One that is of no use is no reason to end the call.
      if (pc.remoteDescription)
        await pc.addIceCandidate(candidate).catch((error) => console.info('candidate:', error.message));
    });
  }

  mediaSaid(media) {
    this.theirMedia = media;
    this.onchange(this);
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
  // lost its server, as we may lose ours. lost: the server does not hear it any
  // more, and it may come back.
  remoteGone(lost) {
    if (lost && this.resuming)
      return;
    if (this.state !== 'connected') {
      this.end('gone', 'remote');
      return;
    }
    let [before, quiet] = [-1, 0];
    clearInterval(this.#watch);
    this.#watch = setInterval(async () => {
      const bytes = await this.#connection?.received();
      quiet = bytes === before ? quiet + 500 : 0;
      before = bytes;
      if (quiet >= GONE_TIME && !(lost && this.#resume()))
        this.end('gone', 'remote');
    }, 500);
  }

  // Our server is gone. What is connected stays so.
  offline() {
    if (this.state === 'calling' || this.state === 'ringing')
      this.end('lost', 'local');
    clearTimeout(this.#again);
  }

  // Our server is there again.
  online() {
    if (this.resuming)
      this.#offerAnew();
    else if (this.weak)
      this.#resume();
  }

  end(reason, by) {
    if (this.over || this.state === 'idle')
      return;
    if (by === 'local')
      this.#sayGoodBye(reason);
    [this.reason, this.by] = [reason, by];
    this.resuming = false;
    this.#become('ending');
    clearInterval(this.#watch);
    clearTimeout(this.#again);
    this.#close(by === 'local' && this.#link.relay ? GOOD_BYE : 0);
    this.#become('idle');
  }

  // ---- offers and answers ----

  #sayGoodBye(reason) {
    if (this.state === 'ringing' && this.role === 'callee')
      this.#tell('decline', { reason });
    else if (this.state === 'calling' || this.state === 'ringing')
      this.#tell('cancel', { reason });
    else
      this.#tell('hang-up', { reason });
  }

  #tell(event, more) {
    if (this.#link.relay)
      this.#link.send(event, this.#address(more));
  }

  #address(more) {
    return { to: this.remote.id, session: this.session ?? undefined, ...more };
  }

  #sayCandidates() {
    if (!this.#late || !this.#trickles)
      return;
    for (const candidate of this.#late.splice(0))
      this.#tell('ice-candidate', { candidate });
  }

  // Both call each other: the offer of the lower id stands. A base peer knows
  // no such rule and answers ours in any case, so ours stands once it is sent.
  #ourOfferStands(offer) {
    return this.#asked && (!offer.chat || this.#link.ownId < this.remote.id);
  }

  #hold(offer) {
    this.#held = offer;
    this.session = offer.chat?.session ?? null;
    this.#learn(offer.chat);
  }

  #learn(chat) {
    this.#remoteChat = chat ?? this.#remoteChat;
    const name = chat?.name;
    if (name)
      this.remote.name = name;
    if (chat)
      [this.group, this.members] = [chat.group ?? null, chat.members];
  }

  // Answers the held offer on a connection of its own: a fresh one for every
  // call, because a used one cannot talk to another partner.
  #answerAnew() {
    this.#close();
    this.#do(async () => {
      await this.#link.media.settled(MEDIA_TIME);
      await this.#open().send(this.#link.media);
      await this.#sendAnswer(this.#held);
    });
  }

  #renegotiate(offer) {
    this.#learn(offer.chat);
    this.#do(async ({ pc }) => {
      if (pc.signalingState === 'have-local-offer' && this.#ourOfferStands(offer))
        return;
      if (pc.remoteDescription && isOther(offer.sdp, pc.remoteDescription.sdp)) {
        // One that was given up for the one that there is, and comes late.
        if (offer.chat?.session && offer.chat.session === this.session && offer.chat.seq <= this.#theirSeq)
          return;
        // The remote has begun anew behind the same id.
        this.#startOver(offer);
        return;
      }
      await this.#sendAnswer(offer);
    });
  }

  async #sendAnswer(offer) {
    const connection = this.#connection;
    const { pc } = connection;
    this.#theirs.offer = offer.sdp;
    this.#theirSeq = offer.chat?.seq ?? 0;
    this.#answer = null;
    await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    await this.#gathered();
    if (connection !== this.#connection)
      return;
    this.#answer = this.#describe(offer.chat?.seq ?? 1);
    this.#link.send('make-answer', { answer: this.#answer, to: this.remote.id });
    this.#complete();
  }

  async #sendOffer() {
    const connection = this.#connection;
    const { pc } = connection;
    this.#unsent = false;
    await pc.setLocalDescription(await pc.createOffer());
    await this.#gathered();
    if (connection !== this.#connection)
      return;
    this.#asked = true;
    this.#sentCandidates = countCandidates(pc.localDescription.sdp);
    this.#link.send('call-user', { offer: this.#describe(++this.#seq), to: this.remote.id });
  }

  #share(connection) {
    return connection.share(this.#sharers, this.#link.media.sharing);
  }

  async #sendMore() {
    if (this.#unsent && this.#connection.stable)
      await this.#sendOffer();
  }

  // Servers answer after the first candidates are there: worth the whole time,
  // unless what comes late can be said late.
  #gathered() {
    return this.#connection.gathered(GATHER, this.#connection.waitsForServers && !this.#trickles ? GATHER : QUIET);
  }

  #describe(seq) {
    const { type, sdp } = this.#connection.pc.localDescription;
    const { ownName: name, relay: trickle } = this.#link;
    this.#late ??= [];
    return { type, sdp, chat: { protocol: 1, session: this.session ?? undefined, name, trickle, seq, ...this.#link.group(this) } };
  }

  // The caller's second round. A base remote gathers only after it has
  // answered, and says its candidates in its second answer; one of ours needs
  // it only if we have found more since our offer.
  #maybeAgain() {
    const { pc } = this.#connection;
    if (this.role !== 'caller' || this.#rounds || this.state !== 'connecting' || pc.signalingState !== 'stable')
      return;
    const news = pc.iceGatheringState === 'complete'
      && countCandidates(pc.localDescription.sdp) > this.#sentCandidates;
    if (this.#remoteChat && (this.#trickles || !news))
      return;
    this.#rounds++;
    this.#do(() => this.#sendOffer());
  }

  // An offer can leave out what we have to send: a base page that has no
  // camera offers no video, and nothing at all before it has permission.
  #complete() {
    const { pc } = this.#connection;
    const empty = !pc.getTransceivers().some((t) => t.mid !== null);
    const unsent = pc.getTransceivers().some((t) => t.mid === null && t.sender.track);
    if (this.#rounds || !(empty || (unsent && pc.connectionState === 'connected')))
      return;
    this.#rounds++;
    this.#do(async (connection) => {
      connection.offerKinds(this.#link.media);
      await this.#sendOffer();
    });
  }

  // ---- made anew ----

  // False where the remote would not understand it.
  #resume() {
    if (!this.session || !this.#remoteChat || this.state !== 'connected')
      return false;
    this.#interrupted();
    this.#offerAnew();
    return true;
  }

  #interrupted() {
    clearInterval(this.#watch);
    this.resuming = true;
    this.#pause = AGAIN_TIME;
    this.#become('connecting');
  }

  #offerAnew() {
    this.role = 'caller';
    this.#close(LINGER);
    this.#theirs.answer = null;
    this.#do(async () => {
      this.#open().offerKinds(this.#link.media);
      await this.#sendOffer();
      this.#askAgain();
    });
  }

  // It may have gone to where the remote is no more, or not yet.
  #askAgain() {
    this.#askedAt = Date.now();
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#do(async () => {
      if (this.resuming && this.#theirs.answer)
        this.#offerAnew();
      else if (this.resuming)
        this.#ask();
    }), this.#theirs.answer ? AGREED_TIME : this.#pause);
  }

  // The same offer, with what has been found since.
  #ask() {
    this.#link.send('call-user', { offer: this.#describe(++this.#seq), to: this.remote.id });
    this.#pause = Math.min(2 * this.#pause, LONGEST_AGAIN_TIME);
    this.#askAgain();
  }

  // On another connection: the remote has begun anew.
  #startOver(offer) {
    clearTimeout(this.#again);
    this.role = 'callee';
    this.#held = offer;
    if (this.state === 'connected')
      this.#interrupted();
    this.#answerAnew();
  }

  // ---- the connection ----

  #open() {
    const connection = new Connection(this.#link.iceServers);
    this.#connection = connection;
    this.#theirCandidates = 0;
    connection.ontrack = (track) => this.#addRemote(track);
    connection.onstate = (state) => this.#linkChanged(state);
    connection.onclosed = () => this.end('hung-up', 'remote');
    connection.oncandidate = (candidate) => {
      this.#late?.push(candidate?.toJSON() ?? null);
      this.#sayCandidates();
      if (candidate === null && this.#theirs.answer)
        this.#maybeAgain();
    };
    return connection;
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

  #linkChanged(state) {
    this.weak = state === 'disconnected';
    if (state === 'disconnected' && this.state === 'connected') {
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.weak && this.#resume(), WEAK_TIME);
      // What has cut us off from the remote may have done so from the server.
      this.#link.check('media-state', this.#address(this.#mediaState));
    }
    if (state === 'connected' && this.state === 'connecting') {
      clearTimeout(this.#again);
      this.resuming = false;
      this.since ||= Date.now();
      this.#become('connected');
      this.#connection.watchTransport();
      this.sayMedia();
      if (this.role === 'callee')
        this.#complete();
    } else if (state === 'failed' && this.resuming) {
      this.#askAgain();
    } else if (state === 'failed' && !this.#resume()) {
      this.end(this.since ? 'lost' : 'failed', 'local');
    } else {
      this.onchange(this);
    }
  }

  #close(ms = 0) {
    this.#connection?.close(ms);
    this.#connection = null;
    this.#epoch++;
    this.#queue = Promise.resolve();
    this.#answer = null;
    this.#asked = false;
    this.#late = null;
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
        await work(this.#connection);
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
      const [ms, reason] = this.resuming ? [RESUME_TIME, 'lost'] : PATIENCE[state];
      this.#timer = setTimeout(() => this.end(reason, 'local'), ms);
    }
    this.onchange(this);
  }
}
