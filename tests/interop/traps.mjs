// SPDX-License-Identifier: LGPL-2.1-or-later
// What webrtcbin 1.22 does to a call with a real browser, and that it does not
// happen: see docs/webrtcbin-traps.md.
import path from 'node:path';
import { check, equal, pause, test, until } from '../support/harness.mjs';
import { hearsTone, seesBall } from '../support/media.mjs';
import { Probe, startRelay } from '../support/servers.mjs';
import { browser } from '../support/shared-browsers.mjs';
import { TUTOR, click, joinTutorial, online, ready } from '../support/tutorial.mjs';

const build = path.resolve(process.argv[2] ?? 'build');

const pipeline = (t, port, { properties = '', format = 'I420' } = {}) => new Probe(t, build,
  `chatpeer name=peer uri=chat://127.0.0.1:${port} ${properties} `
  + `videotestsrc is-live=true pattern=ball foreground-color=0xff3250eb ! video/x-raw,format=${format},width=480,height=360,framerate=20/1 ! peer. `
  + 'audiotestsrc is-live=true freq=700 ! audio/x-raw,rate=48000 ! peer. '
  + 'peer. ! queue ! videoconvert ! fakesink name=vcheck '
  + 'peer. ! queue ! audioconvert ! fakesink name=acheck');

async function meet(t, kind, options) {
  const relay = await startRelay(t);
  const probe = pipeline(t, relay.port, options);
  await probe.json((l) => l['chat-signalling']?.state === 'connected', 'to be online');
  const page = await joinTutorial(t, await browser(kind), relay.url);
  await ready(page, 'audio video');
  return { probe, page };
}

const bothWays = (probe, page) => Promise.all([
  seesBall(page, { colour: 'blue' }), hearsTone(page, { hz: 700 }),
  probe.sees(TUTOR.colour), probe.hears(TUTOR.hz)]);

const idle = (probe) => probe.next((l) => l['chat-call']?.state === 'idle', 'the end of the call', 30000);

const call = async (probe, page) => probe.send(`call ${await online(page)}`);

// What the page's connection says of the media of @kind that comes in; of the
// newest stream, where there was more than one call.
const inbound = (page, kind) => page.evaluate(async (k) => {
  const stats = await window.tutorial.peerConnection.getStats();
  const all = [...stats.values()].filter((s) => s.type === 'inbound-rtp' && s.kind === k);
  return all.sort((a, b) => (b.lastPacketReceivedTimestamp ?? 0) - (a.lastPacketReceivedTimestamp ?? 0))[0] ?? null;
}, kind);

// The page's answers take their time, or are given with a change.
const answersWith = (page, change) => page.evaluate(`{
  const original = RTCPeerConnection.prototype.createAnswer;
  RTCPeerConnection.prototype.createAnswer = async function (...args) {
    await (${change})(this);
    return original.apply(this, args);
  };
}`);

// A fresh certificate makes Chromium begin DTLS anew, a=setup:active lets us
// begin it, mids 0 and 1 are those that the page has.
test('traps: the tutorial in chromium is called three times on its one connection', async (t) => {
  const { probe, page } = await meet(t, 'chromium');
  for (let n = 0; n < 3; n++) {
    t.note(`call ${n + 1}`);
    await call(probe, page);
    await bothWays(probe, page);
    const end = idle(probe);
    probe.send('hang-up');
    await end;
  }
}, { seconds: 150 });

// DTLS of the page's connection; connectionState does not tell.
const dtlsState = (page) => page.evaluate(() => [...new Set(window.tutorial.peerConnection.getReceivers()
  .map((r) => r.transport?.state))].join(' '));

for (const kind of ['chromium', 'firefox']) {
  test(`traps: ${kind} sees at once that we hang up`, async (t) => {
    const { probe, page } = await meet(t, kind);
    await call(probe, page);
    await bothWays(probe, page);
    equal(await dtlsState(page), 'connected', 'before');
    const hungUp = Date.now();
    probe.send('hang-up');
    await until(async () => await dtlsState(page) === 'closed', async () => `the page to see it; it says ${await dtlsState(page)}`, 2000);
    t.note(`seen after ${Date.now() - hungUp} ms`);
    // Firefox does not begin anew on a connection that it has.
    if (kind === 'firefox')
      return;
    await probe.json((l) => l['chat-call']?.state === 'idle', 'the end of the call');
    for (const weCall of [false, true]) {
      t.note(`the next one, ${weCall ? 'called' : 'calling'}`);
      const again = probe.next((l) => l['chat-call']?.state === 'connected', 'the call to connect', 30000);
      if (weCall)
        await call(probe, page);
      else
        await click(page);
      await again;
      await bothWays(probe, page);
      const end = idle(probe);
      probe.send('hang-up');
      await end;
    }
  }, { seconds: 150 });
}

for (const weCall of [true, false]) {
  test(`traps: chromium gets again what was lost after the second round, ${weCall ? 'called' : 'calling'}`, async (t) => {
    const { probe, page } = await meet(t, 'chromium');
    if (weCall)
      await call(probe, page);
    else
      await click(page);
    await bothWays(probe, page);
    const before = await inbound(page, 'video');
    probe.send('lose 10');
    // Retransmissions under an SSRC that Chromium was not told are not counted.
    let after;
    for (let n = 0; n < 150; n++) {
      await pause(100);
      after = await inbound(page, 'video');
      if (after.retransmittedPacketsReceived - (before.retransmittedPacketsReceived ?? 0) >= 10)
        break;
    }
    const again = after.retransmittedPacketsReceived - (before.retransmittedPacketsReceived ?? 0);
    check(again >= 10, `${again} packets came again, NACKs: ${after.nackCount}, lost: ${after.packetsLost}`);
    await seesBall(page, { colour: 'blue' });
  }, { seconds: 120 });
}

// How long sound waits in the page, now; seconds.
async function soundDelay(page) {
  const before = await inbound(page, 'audio');
  await pause(3000);
  const after = await inbound(page, 'audio');
  const emitted = after.jitterBufferEmittedCount - before.jitterBufferEmittedCount;
  check(emitted > 0, 'no more sound comes');
  return (after.jitterBufferDelay - before.jitterBufferDelay) / emitted;
}

// A loaded machine delays sound, too: what counts is the difference.
test('traps: an answer that takes 5 s leaves no delay in what chromium hears', async (t) => {
  const delays = [];
  for (const ms of [0, 5000]) {
    const { probe, page } = await meet(t, 'chromium');
    await answersWith(page, `() => new Promise((resolve) => setTimeout(resolve, ${ms}))`);
    await call(probe, page);
    await hearsTone(page, { hz: 700, ms: 30000 });
    delays.push(await soundDelay(page));
    await probe.stop();
    await page.close();
  }
  check(delays[1] < delays[0] + 0.2, `sound waits ${delays.join(' s and then ')} s in the page`);
}, { seconds: 120, alone: true });

// The profile of the VP9 that comes, out of the first bits of a frame: a marker
// of two, then the profile, its lower bit first. This Firefox decodes others too.
const vp9Profile = (page) => page.evaluate(() => new Promise((resolve) => {
  const worker = new Worker(URL.createObjectURL(new Blob([`onrtctransform = async ({ transformer }) => {
    const writer = transformer.writable.getWriter();
    for await (const frame of transformer.readable) {
      const byte = new Uint8Array(frame.data)[0];
      postMessage(((byte >> 5) & 1) | ((byte >> 4) & 1) << 1);
      writer.write(frame);
    }
  };`])));
  worker.onmessage = ({ data }) => resolve(data);
  const [receiver] = window.tutorial.peerConnection.getReceivers().filter((r) => r.track.kind === 'video');
  receiver.transform = new RTCRtpScriptTransform(worker, {});
}));

test('traps: firefox gets VP9 of profile 0 from a camera that gives 4:4:4', async (t) => {
  const { probe, page } = await meet(t, 'firefox', { properties: 'video-codecs=vp9', format: 'Y444' });
  await call(probe, page);
  await seesBall(page, { colour: 'blue', ms: 40000 });
  equal(await vp9Profile(page), 0, 'the profile');
}, { seconds: 150 });

// Debian's Firefox has no H.264, and rejects what has nothing else.
test('traps: firefox rejects the video and the sound goes on', async (t) => {
  const { probe, page } = await meet(t, 'firefox', { properties: 'video-codecs=h264' });
  await call(probe, page);
  await probe.hears(TUTOR.hz);
  // Its <video> waits for the first picture of a track that does not come.
  await page.evaluate(() => {
    const video = document.getElementById('remote');
    video.srcObject = new MediaStream(video.srcObject.getAudioTracks());
  });
  await hearsTone(page, { hz: 700, ms: 40000 });
  const line = await page.evaluate(() => /^m=video.*/m.exec(window.tutorial.peerConnection.localDescription.sdp)?.[0]);
  check(line?.startsWith('m=video 0 '), `the answer does not reject the video: ${line}`);
}, { seconds: 150 });
