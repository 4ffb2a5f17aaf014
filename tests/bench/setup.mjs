// SPDX-License-Identifier: LGPL-2.1-or-later
// How long it takes from the click, or from the offer's arrival, to the first
// picture: browsers among themselves, and browsers and chatpeer.
import { ChatPeer } from './chat-peer.mjs';
import { PagePeer } from './page-peer.mjs';
import { startRelay, startServer } from '../support/servers.mjs';
import { median, number, pairRatio, spread, table } from './stats.mjs';

export const title = 'Time to the first picture';

const LATENCIES = [0, 50, 100, 200];
export const head = ['ms, median (smallest–largest)', 'browser with browser', 'browser with chatpeer', 'ratio of pairs', 'runs'];

// ---- one call each; all times in ms ----

async function pageCallsPage(a, b) {
  await Promise.all([a.reset(), b.reset()]);
  await a.click(b.id);
  const [caller, callee] = await Promise.all([a.times(), b.times()]);
  await a.end();
  await b.after();
  return { 'page calls': caller.first - caller.click, 'page is called': callee.first - callee.received };
}

async function pageCallsPeer(a, p) {
  await a.reset();
  p.reset();
  await a.click(p.id);
  const [page, peer] = await Promise.all([a.times(), p.times()]);
  await p.end();
  await a.after();
  return { 'page calls': page.first - page.click, 'peer is called': peer.video, 'peer hears': peer.audio,
    steps: peer };
}

async function peerCallsPage(p, a) {
  await a.reset();
  p.reset();
  p.call(a.id);
  const [page, peer] = await Promise.all([a.times(), p.times()]);
  await p.end();
  await a.after();
  return { 'page is called': page.first - page.received, 'peer calls': peer.video, 'peer hears': peer.audio,
    steps: peer };
}

async function peerCallsPeer(p, q) {
  p.reset();
  q.reset();
  p.call(q.id);
  const [caller, callee] = await Promise.all([p.times(), q.times()]);
  await Promise.all([p.end(), q.idle()]);
  return { 'peer calls': caller.video, 'peer is called': callee.video, 'peer hears': callee.audio, steps: callee };
}

// ---- rounds ----

const calls = {
  between: ({ a, b }) => pageCallsPage(a, b),
  calls: ({ a, p }) => pageCallsPeer(a, p),
  called: ({ a, p }) => peerCallsPage(p, a),
};

// One round: the calls named, one after the other.
async function round(ctx, peers, names, note) {
  const figures = {};
  for (const name of names) figures[name] = await calls[name](peers);
  ctx.line({ bench: 'setup', ...note, ...figures });
  return figures;
}

// Of fresh processes one call of each kind, turn and turn about which kind it
// is with chatpeer and which of the two comes first.
function coldNames(i) {
  const pair = ['between', i % 2 ? 'called' : 'calls'];
  return i % 4 < 2 ? pair : pair.reverse();
}

// Closes all @peers behind body(), whose own error is the one that counts.
async function closing(peers, body) {
  let error = null;
  try {
    await body(peers);
  } catch (e) {
    error = e;
  }
  const ends = await Promise.allSettled(Object.values(peers).map(p => p.close()));
  error ??= ends.find(e => e.status === 'rejected')?.reason;
  if (error) throw error;
}

// One after the other: a machine of two cores starts browsers slowly.
async function open(peers, ctx, server, browserName, kind) {
  const query = name => ({ name, answer: 'auto' });
  peers.p = await ChatPeer.open(ctx, server, 'pipeline');
  peers.a = await PagePeer.open(browserName, kind, server, query('Ann'));
  peers.b = await PagePeer.open(browserName, kind, server, query('Bob'));
}

async function rounds(ctx, server, browserName, kind, counts) {
  const out = { cold: [], warm: [] };
  for (let i = 0; i < counts.sets; i++) {
    await closing({}, async (peers) => {
      await open(peers, ctx, server, browserName, kind);
      const note = { browser: browserName, page: kind, set: i };
      out.cold.push(await round(ctx, peers, coldNames(i), { ...note, cold: true }));
      for (let k = 0; k < counts.warm; k++)
        out.warm.push(await round(ctx, peers, Object.keys(calls), { ...note, cold: false }));
    });
  }
  return out;
}

// One line of the table: what a person or an application waits for.
function row(name, list, kind, base, other) {
  const pairs = list.filter(r => r[kind]).map(r => [r.between[base], r[kind][other]]);
  return [name, spread(pairs.map(p => p[0])), spread(pairs.map(p => p[1])), number(pairRatio(pairs), 2), `${pairs.length}`];
}

export const rowsFor = (name, list) => [
  row(`${name}: the person who clicks sees`, list, 'calls', 'page calls', 'page calls'),
  row(`${name}: who is called by the person sees`, list, 'calls', 'page is called', 'peer is called'),
  row(`${name}: who calls the person sees`, list, 'called', 'page calls', 'peer calls'),
  row(`${name}: the person who is called sees`, list, 'called', 'page is called', 'page is called'),
];

async function latencies(ctx, server, counts) {
  const settings = [undefined, ...LATENCIES];
  const figures = settings.map(() => []);
  await closing([], async (peers) => {
    const caller = await ChatPeer.open(ctx, server, 'caller', { room: 'latencies' });
    peers.push(caller);
    for (const latency of settings)
      peers.push(await ChatPeer.open(ctx, server, `latency-${latency ?? 'default'}`, { latency, room: 'latencies' }));
    for (let i = 0; i < counts + 1; i++) {
      for (const [n, latency] of settings.entries()) {
        const f = await peerCallsPeer(caller, peers[n + 1]);
        ctx.line({ bench: 'setup', latency: latency ?? 'default', cold: i === 0, ...f });
        if (i > 0) figures[n].push(f);
      }
    }
  });
  return table(['latency of the one who is called, ms', 'first picture', 'first sound', 'connected', 'answer sent'],
    settings.map((latency, n) => [
      `${latency ?? 'default'}`,
      spread(figures[n].map(f => f['peer is called'])),
      spread(figures[n].map(f => f['peer hears'])),
      spread(figures[n].map(f => f.steps.connected)),
      spread(figures[n].map(f => f.steps.answered)),
    ]));
}

export async function run(ctx) {
  const defer = [];
  const t = { defer: f => defer.push(f), note: () => {} };
  const rows = { cold: [], warm: [] };
  let byLatency;
  try {
    const ours = await startServer(t, ctx.build);
    const relay = await startRelay(t, '4.8.4');
    const sets = [
      ['Chromium, tutorial-like page', 'chromium', 'tutorial', relay.url],
      ['Chromium, our page', 'chromium', 'page', ours.url],
      ...ctx.full ? [
        ['Firefox, tutorial-like page', 'firefox', 'tutorial', relay.url],
        ['Firefox, our page', 'firefox', 'page', ours.url],
      ] : [],
    ];
    byLatency = await latencies(ctx, ours.url, ctx.full ? 15 : 1);
    for (const [name, browser, kind, server] of sets) {
      const counts = !ctx.full ? { sets: 1, warm: 1 } : browser === 'chromium' ? { sets: 8, warm: 2 } : { sets: 2, warm: 8 };
      const { cold, warm } = await rounds(ctx, server, browser, kind, counts);
      rows.cold.push(...rowsFor(name, cold));
      rows.warm.push(...rowsFor(name, warm));
    }
  } finally {
    for (const f of defer.reverse()) await f();
  }
  return [
    'Later calls of the same processes:', table(head, rows.warm),
    'First calls of fresh processes (of two, one between browsers and one with chatpeer, in turn first):', table(head, rows.cold),
    'chatpeer is called by chatpeer, ms from `call-made` on:', byLatency,
  ].join('\n\n');
}
