// SPDX-License-Identifier: LGPL-2.1-or-later
// How good the connection of a call is: figures out of the browser's report,
// and one word for them.

// Up to these, loss in per cent and round trip in ms, it is good, or fair.
const GOOD = { loss: 3, rtt: 300 };
const FAIR = { loss: 8, rtt: 600 };

export const WORDS = {
  good: 'Good connection',
  fair: 'Fair connection',
  poor: 'Poor connection',
  gone: 'Connection interrupted',
};

// Reads a call's figures again and again; rates are between two readings.
export class Meter {
  // Of the last reading; null before the first.
  figures = null;

  #call;
  #before = new Map();

  constructor(call) {
    this.#call = call;
  }

  get grade() {
    if (this.#call.weak)
      return 'gone';
    const { figures } = this;
    if (!figures)
      return '';
    const within = ({ loss, rtt }) => (figures.rtt ?? 0) <= rtt && Math.max(figures.lossIn ?? 0, figures.lossOut ?? 0) <= loss;
    return within(GOOD) ? 'good' : within(FAIR) ? 'fair' : 'poor';
  }

  async read() {
    const report = await this.#call.stats();
    if (!report)
      return;
    const all = [...report.values()];
    const streams = (type) => all.filter((s) => s.type === type).map((s) => this.#rates(s, report));
    const [received, sent] = [streams('inbound-rtp'), streams('outbound-rtp')];
    const answers = all.filter((s) => s.type === 'remote-inbound-rtp');
    const pair = selectedPair(all, report);
    const rtt = pair?.currentRoundTripTime ?? answers.find((s) => s.roundTripTime !== undefined)?.roundTripTime;
    this.figures = {
      rtt: rtt === undefined ? null : Math.round(rtt * 1000),
      lossIn: share(sum(received, 'lost'), sum(received, 'packets')),
      lossOut: answers.length ? Math.round(Math.max(...answers.map((s) => s.fractionLost ?? 0)) * 1000) / 10 : null,
      path: pathOf(pair, report),
      received: Object.fromEntries(received.map((s) => [s.kind, s])),
      sent: Object.fromEntries(sent.map((s) => [s.kind, s])),
    };
    this.#before = new Map(all.map((s) => [s.id, s]));
  }

  #rates(s, report) {
    const before = this.#before.get(s.id) ?? s;
    const seconds = (s.timestamp - before.timestamp) / 1000;
    const grown = (name) => Math.max(0, (s[name] ?? 0) - (before[name] ?? 0));
    const bytes = grown('bytesReceived') + grown('bytesSent');
    return {
      kind: s.kind,
      kbits: seconds > 0 ? Math.round(bytes * 8 / seconds / 1000) : null,
      lost: grown('packetsLost'),
      packets: grown('packetsReceived'),
      codec: report.get(s.codecId)?.mimeType?.split('/')[1] ?? '',
      fps: s.framesPerSecond === undefined ? null : Math.round(s.framesPerSecond),
      size: s.frameWidth ? `${s.frameWidth}×${s.frameHeight}` : '',
    };
  }
}

const sum = (streams, name) => streams.reduce((total, s) => total + s[name], 0);

// In per cent, with one digit behind the point; null where nothing came.
function share(lost, came) {
  return lost + came > 0 ? Math.round(lost / (lost + came) * 1000) / 10 : null;
}

function selectedPair(all, report) {
  const transport = all.find((s) => s.type === 'transport' && s.selectedCandidatePairId);
  return transport ? report.get(transport.selectedCandidatePairId)
    : all.find((s) => s.type === 'candidate-pair' && (s.selected || (s.nominated && s.state === 'succeeded')));
}

function pathOf(pair, report) {
  if (!pair)
    return '';
  const kinds = [pair.localCandidateId, pair.remoteCandidateId].map((id) => report.get(id)?.candidateType);
  return kinds.includes('relay') ? 'Through a relay' : 'Direct';
}

// What the details show: [[label, text], …].
export function details({ rtt, lossIn, lossOut, path, received, sent }) {
  const unknown = '–';
  const number = (value, unit) => (value === null ? unknown : `${value} ${unit}`);
  const stream = (s) => (s
    ? [number(s.kbits, 'kbit/s'), s.size, s.fps === null ? '' : `${s.fps} fps`, s.codec].filter(Boolean).join(', ')
    : 'nothing');
  return [
    ['Path', path || unknown],
    ['Round trip', number(rtt, 'ms')],
    ['Lost on the way here', number(lossIn, '%')],
    ['Lost on the way there', number(lossOut, '%')],
    ['Picture received', stream(received.video)],
    ['Sound received', stream(received.audio)],
    ['Picture sent', stream(sent.video)],
    ['Sound sent', stream(sent.audio)],
  ];
}
