// SPDX-License-Identifier: LGPL-2.1-or-later
// One side of a call in a browser, and when what is seen there: what call-watch
// is for a pipeline, with the same lines and commands.
//
//   node page-watch.mjs chromium|firefox URL NAME OWNCOLOUR OWNHZ COLOUR HZ
import { createInterface } from 'node:readline';
import { launch } from '../support/browsers.mjs';
import { COLOURS } from '../support/media.mjs';
import { Person } from '../support/person.mjs';

const [kind, url, name, ownColour, ownHz, colour, hz] = process.argv.slice(2);

const say = (line, at = Number(process.hrtime.bigint() / 1000n)) => console.log(JSON.stringify({ at, ...line }));

// In the page: tells of every state, and looks ten times a second.
function watch({ colour: target, others, hz: tone }) {
  const tell = (what) => console.debug(`watch ${JSON.stringify(what)}`);
  const W = 80, H = 60;
  const far = (p, o, c) => (p[o] - c[0]) ** 2 + (p[o + 1] - c[1]) ** 2 + (p[o + 2] - c[2]) ** 2;
  let [pen, context, analyser, bins, source, sounding, last, told] = [null, null, null, null, null, null, null, {}];

  // The middle of what is nearest to that colour.
  function ball(video) {
    if (!pen) {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [W, H];
      pen = canvas.getContext('2d', { willReadFrequently: true });
    }
    pen.drawImage(video, 0, 0, W, H);
    const p = pen.getImageData(0, 0, W, H).data;
    let [n, x, y] = [0, 0, 0];
    for (let o = 0; o < p.length; o += 4) {
      const own = far(p, o, target);
      if (own > 110 ** 2 || others.some((c) => far(p, o, c) < own))
        continue;
      n++;
      x += (o / 4) % W;
      y += Math.floor(o / 4 / W);
    }
    return n < 8 || n > W * H / 4 ? null : { x: x / n, y: y / n };
  }

  function heard(video) {
    if (!context) {
      context = new AudioContext();
      context.resume().catch(() => {});
      analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
      bins = new Float32Array(analyser.frequencyBinCount);
    }
    // A stream that gets another track is not listened to anew by itself.
    const [track] = video.srcObject?.getAudioTracks() ?? [];
    if (track && track !== sounding) {
      source?.disconnect();
      sounding = track;
      source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
    }
    if (!source)
      return false;
    analyser.getFloatFrequencyData(bins);
    const peak = bins.reduce((best, v, i) => (i > 2 && v > bins[best] ? i : best), 3);
    return Math.abs(peak - tone * analyser.fftSize / context.sampleRate) <= 1 && bins[peak] > -55;
  }

  let wall = Date.now() - performance.now();

  function look() {
    const moved = Date.now() - performance.now() - wall;
    if (Math.abs(moved) > 60000) {
      wall += moved;
      tell({ clock: `${Math.round(moved / 1000)}` });
    }
    const { state, signalling } = document.body.dataset;
    const words = document.getElementById('status')?.textContent ?? '';
    if (signalling !== told.signalling)
      tell({ signalling });
    if (state !== told.state || words !== told.words)
      tell({ call: state, words });
    told = { state, signalling, words };
    const video = document.querySelector('#tiles .tile video');
    if (!video?.srcObject)
      return;
    const at = video.videoWidth && video.readyState >= 2 ? ball(video) : null;
    if (at && (!last || Math.hypot(at.x - last.x, at.y - last.y) > 0.2)) {
      last = at;
      tell({ picture: 1 });
    }
    if (heard(video))
      tell({ tone: 1 });
  }

  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, { attributes: true });
    setInterval(look, 100);
  });
}

const origin = new URL(url).origin;
const browser = await launch(kind, {
  // The server is on another machine, and has no certificate.
  flags: [`--unsafely-treat-insecure-origin-as-secure=${origin}`],
  prefs: { 'dom.securecontext.allowlist': new URL(url).hostname, 'media.devices.insecure.enabled': true, 'media.getusermedia.insecure.enabled': true },
});
say({ pid: browser.puppet.process().pid });
browser.puppet.on('disconnected', () => say({ gone: 'the browser' }));

const settings = { colour: COLOURS[colour], others: Object.values(COLOURS), hz: Number(hz) };
const person = await Person.join({ note: () => {}, defer: () => {} }, browser, url, {
  name, source: { colour: ownColour, hz: Number(ownHz), width: 320, height: 240 }, params: { answer: 'auto' },
  init: [`(${watch})(${JSON.stringify(settings)})`],
  setup: (page) => {
    page.on('console', (message) => {
      const text = message.text();
      if (text.startsWith('watch '))
        say(JSON.parse(text.slice(6)));
      else if (process.env.PAGE_WATCH_LOG)
        console.error(text);
    });
    page.on('pageerror', (error) => say({ log: error.message }));
  },
});

const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  try {
    if (line.startsWith('call '))
      await person.dial(line.slice(5));
    else if (line === 'hang-up')
      await person.click('#hang-up');
  } catch (error) {
    say({ error: error.message });
  }
});
lines.on('close', async () => {
  await browser.close();
  process.exit(0);
});
process.on('unhandledRejection', (error) => console.error(String(error)));
