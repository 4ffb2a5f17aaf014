// SPDX-License-Identifier: LGPL-2.1-or-later
// One RTCPeerConnection: what goes into it, its candidates, its end. Each call
// has one of its own, since a used one cannot talk to another partner.
import { countCandidates } from './sdp.js';

const KINDS = ['audio', 'video'];

// How the picture is sent to each of so many: at most bit/s, and how many times
// smaller. To one alone as the browser thinks best.
const SHARES = [null, null, [1500e3, 1], [800e3, 1.5], [400e3, 2], [400e3, 2]];

export class Connection {
  ontrack = () => {};
  onstate = () => {};
  // A candidate, null for the end of them.
  oncandidate = () => {};
  // The far end has closed it: with a base peer the only good-bye.
  onclosed = () => {};

  #hasServers;
  #open = true;

  constructor(iceServers) {
    this.#hasServers = iceServers.length > 0;
    this.pc = new RTCPeerConnection({ iceServers });
    const mine = (fn) => (e) => { if (this.#open) fn(e); };
    this.pc.ontrack = mine((e) => this.ontrack(e.track));
    this.pc.onconnectionstatechange = mine(() => this.onstate(this.pc.connectionState));
    this.pc.addEventListener('icecandidate', mine((e) => {
      // An empty text ends those of one transport; the end of all comes as null.
      if (e.candidate === null || e.candidate.candidate)
        this.oncandidate(e.candidate);
    }));
  }

  get stable() {
    return this.pc.signalingState === 'stable';
  }

  // Both kinds are always asked for, also where there is nothing to send.
  offerKinds(media) {
    for (const kind of KINDS) {
      if (this.pc.getTransceivers().some((t) => t.receiver.track.kind === kind))
        continue;
      const track = media.outgoing(kind);
      this.pc.addTransceiver(track ?? kind, track
        ? { direction: 'sendrecv', streams: [media.stream] }
        : { direction: 'recvonly' });
    }
  }

  // Sends what there is to send now. Whether that has to be negotiated.
  async send(media) {
    let changed = false;
    for (const kind of KINDS) {
      const track = media.outgoing(kind);
      const lines = this.pc.getTransceivers().filter((t) => t.receiver.track.kind === kind && t.currentDirection !== 'stopped');
      const line = lines.find((t) => t.sender.track) ?? lines.find((t) => t.mid !== null) ?? lines[0];
      if (!line) {
        if (track)
          this.pc.addTrack(track, media.stream);
        changed ||= Boolean(track);
        continue;
      }
      if (line.sender.track !== track)
        await line.sender.replaceTrack(track);
      if (track && !line.direction.startsWith('send')) {
        line.direction = 'sendrecv';
        changed = true;
      }
    }
    return changed;
  }

  // A screen stays as large as it is: it is to be read.
  async share(calls, screen) {
    const [most, smaller] = SHARES[Math.min(calls, SHARES.length - 1)] ?? [0, 1];
    for (const sender of this.pc.getSenders().filter((s) => s.track?.kind === 'video')) {
      const parameters = sender.getParameters();
      for (const encoding of parameters.encodings ?? []) {
        delete encoding.maxBitrate;
        if (most)
          encoding.maxBitrate = most;
        encoding.scaleResolutionDownBy = screen ? 1 : smaller;
      }
      // Nothing that a call would have to end for.
      await sender.setParameters(parameters).catch((error) => console.info('share:', error.message));
    }
  }

  watchTransport() {
    const transport = this.pc.getReceivers().map((r) => r.transport).find(Boolean);
    transport?.addEventListener('statechange', () => {
      if (this.#open && transport.state === 'closed')
        this.onclosed();
    });
  }

  // Resolves when no candidate came for @quiet ms, at the latest after @limit.
  gathered(limit, quiet) {
    const { pc } = this;
    // Without any media nothing is ever gathered.
    if (pc.iceGatheringState === 'complete' || !pc.getTransceivers().some((t) => t.mid !== null))
      return Promise.resolve();
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
          pause = setTimeout(done, quiet);
      };
      const end = setTimeout(done, limit);
      pc.addEventListener('icecandidate', step);
      pc.addEventListener('icegatheringstatechange', step);
      step();
    });
  }

  // Servers answer after the first candidates are there.
  get waitsForServers() {
    return this.#hasServers;
  }

  async received() {
    let bytes = 0;
    (await this.pc.getStats()).forEach((s) => {
      if (s.type === 'inbound-rtp' || s.type === 'transport' || s.type === 'candidate-pair')
        bytes += s.bytesReceived ?? 0;
    });
    return bytes;
  }

  // Nothing is sent or shown from here on, also where the closing itself is
  // put off for @ms.
  close(ms = 0) {
    this.#open = false;
    if (!ms) {
      this.pc.close();
      return;
    }
    this.pc.getSenders().forEach((sender) => sender.replaceTrack(null).catch(() => {}));
    setTimeout(() => this.pc.close(), ms);
  }
}
