// SPDX-License-Identifier: LGPL-2.1-or-later
// Media that can be recognised, and its recognition: a ball of a known colour
// that goes round on a dark picture, and a tone of a known frequency.
import { mkdtemp, rm, writeFile, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from './harness.mjs';

export const COLOURS = {
  red: [225, 40, 40],
  green: [40, 200, 70],
  blue: [50, 80, 235],
  yellow: [235, 215, 40],
  magenta: [215, 50, 205],
  white: [240, 240, 240],
};
const BACKGROUND = [14, 14, 20];

// One turn in PERIOD seconds on a circle of 0.3 heights; the ball's radius is
// 0.12 heights. Every source below draws exactly this.
const PERIOD = 4;
const ORBIT = 0.3;
const RADIUS = 0.12;

// ---- sources ---------------------------------------------------------------

// A script for the page: getUserMedia gives a canvas with the ball and an
// oscillator instead of devices.
//   video, audio: false: there is no such device
//   deny: the user says no       late: ms until permission comes
//   devices: [{kind, id, label, colour or hz}] to choose from; testPlug(list)
//            in the page says which are there from then on
//   screen: the colour of the ball on the screen that getDisplayMedia gives;
//           its tracks are testScreens
export function sourceScript(options) {
  const settings = {
    colour: COLOURS[options.colour ?? 'red'], hz: options.hz ?? 440,
    video: options.video ?? true, audio: options.audio ?? true,
    deny: options.deny ?? false, late: options.late ?? 0,
    screen: options.screen ? COLOURS[options.screen] : null,
    devices: options.devices?.map((d) => ({ ...d, colour: COLOURS[d.colour] })) ?? null,
    colours: COLOURS,
    width: options.width ?? 640, height: options.height ?? 480, fps: 20,
    background: BACKGROUND, period: PERIOD, orbit: ORBIT, radius: RADIUS,
  };
  return `(${installSource})(${JSON.stringify(settings)})`;
}

function installSource(s) {
  const rgb = (c) => `rgb(${c.join(',')})`;
  const fail = (name, text) => { throw new DOMException(text, name); };

  function ballTrack(colour) {
    const canvas = document.createElement('canvas');
    canvas.width = s.width;
    canvas.height = s.height;
    const pen = canvas.getContext('2d');
    const draw = () => {
      const angle = performance.now() / 1000 / s.period * 2 * Math.PI;
      pen.fillStyle = rgb(s.background);
      pen.fillRect(0, 0, s.width, s.height);
      pen.fillStyle = rgb(colour);
      pen.beginPath();
      pen.arc(s.width / 2 + Math.cos(angle) * s.orbit * s.height,
        s.height / 2 + Math.sin(angle) * s.orbit * s.height, s.radius * s.height, 0, 7);
      pen.fill();
    };
    draw();
    setInterval(draw, 1000 / s.fps);
    // Firefox drops a canvas that nobody holds.
    (window.testSources ??= []).push(canvas);
    return canvas.captureStream(s.fps).getVideoTracks()[0];
  }

  function toneTrack(hz) {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: hz });
    const gain = new GainNode(context, { gain: 0.4 });
    const out = context.createMediaStreamDestination();
    tone.connect(gain).connect(out);
    tone.start();
    (window.testSources ??= []).push(context);
    return out.stream.getAudioTracks()[0];
  }

  // The device that is asked for, or the first of its kind.
  function deviceTrack(kind, asked) {
    const there = s.devices.filter((d) => d.kind === `${kind}input`);
    const device = there.find((d) => d.id === (asked?.exact ?? asked?.ideal)) ?? (asked?.exact ? null : there[0]);
    if (!device)
      fail('NotFoundError', 'Requested device not found');
    const track = kind === 'video' ? ballTrack(device.colour) : toneTrack(device.hz);
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), deviceId: device.id });
    device.track = track;
    return track;
  }

  function offerDevices() {
    const devices = navigator.mediaDevices;
    Object.defineProperty(devices, 'enumerateDevices', {
      value: async () => s.devices.map(({ kind, id, label }) => ({ kind, deviceId: id, label })),
    });
    window.testPlug = (list) => {
      const before = s.devices;
      s.devices = list.map((d) => before.find((b) => b.id === d.id) ?? { ...d, colour: s.colours[d.colour] });
      devices.dispatchEvent(new Event('devicechange'));
      for (const { track } of before.filter((b) => !s.devices.includes(b))) {
        track?.stop();
        track?.dispatchEvent(new Event('ended'));
      }
    };
  }

  async function getUserMedia(wanted) {
    if (s.late)
      await new Promise((resolve) => setTimeout(resolve, s.late));
    if (s.deny)
      fail('NotAllowedError', 'Permission denied');
    if (s.devices)
      return new MediaStream(['audio', 'video'].filter((kind) => wanted[kind]).map((kind) => deviceTrack(kind, wanted[kind].deviceId)));
    if ((wanted.video && !s.video) || (wanted.audio && !s.audio))
      fail('NotFoundError', 'Requested device not found');
    const tracks = [];
    if (wanted.audio)
      tracks.push(toneTrack(s.hz));
    if (wanted.video)
      tracks.push(ballTrack(s.colour));
    return new MediaStream(tracks);
  }

  if (!navigator.mediaDevices)
    return;
  Object.defineProperty(navigator.mediaDevices, 'getUserMedia', { value: getUserMedia });
  if (s.devices)
    offerDevices();
  if (s.screen) {
    window.testScreens = [];
    Object.defineProperty(navigator.mediaDevices, 'getDisplayMedia', {
      value: async () => {
        testScreens.push(ballTrack(s.screen));
        return new MediaStream([testScreens.at(-1)]);
      },
    });
  }
  // The form that the tutorial uses; Firefox has it no more.
  navigator.getUserMedia = (wanted, ok, ko) => { getUserMedia(wanted).then(ok, ko); };
}

// Files for Chromium's fake capture device: {video, audio, remove()}.
export async function captureFiles({ colour = 'red', hz = 440, width = 480, height = 360, fps = 20 } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chat-capture-'));
  const video = path.join(folder, 'ball.y4m');
  const audio = path.join(folder, 'tone.wav');
  await writeBall(video, COLOURS[colour], width, height, fps);
  await writeFile(audio, toneWav(hz));
  return { video, audio, remove: () => rm(folder, { recursive: true, force: true }) };
}

function yuv([r, g, b]) {
  return [
    16 + 0.257 * r + 0.504 * g + 0.098 * b,
    128 - 0.148 * r - 0.291 * g + 0.439 * b,
    128 + 0.439 * r - 0.368 * g - 0.071 * b,
  ].map(Math.round);
}

async function writeBall(file, colour, width, height, fps) {
  const [ball, dark] = [yuv(colour), yuv(BACKGROUND)];
  const out = await open(file, 'w');
  await out.write(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`);
  for (let n = 0; n < PERIOD * fps; n++) {
    const angle = n / fps / PERIOD * 2 * Math.PI;
    const centre = [width / 2 + Math.cos(angle) * ORBIT * height, height / 2 + Math.sin(angle) * ORBIT * height];
    const planes = [[width, height, 1], [width / 2, height / 2, 2], [width / 2, height / 2, 2]];
    await out.write('FRAME\n');
    for (const [index, [w, h, scale]] of planes.entries()) {
      const plane = Buffer.alloc(w * h, dark[index]);
      const [x0, y0, r] = [centre[0] / scale, centre[1] / scale, RADIUS * height / scale];
      for (let y = Math.max(0, Math.ceil(y0 - r)); y <= Math.min(h - 1, y0 + r); y++) {
        const half = Math.sqrt(r * r - (y - y0) ** 2);
        plane.fill(ball[index], y * w + Math.ceil(x0 - half), y * w + Math.floor(x0 + half) + 1);
      }
      await out.write(plane);
    }
  }
  await out.close();
}

// Bursts, because a browser's noise suppression takes a steady tone away.
function toneWav(hz, seconds = 4, rate = 48000) {
  const data = Buffer.alloc(seconds * rate * 2);
  for (let n = 0; n < seconds * rate; n++) {
    const at = (n / rate) % 0.5;
    const edge = Math.min(1, at / 0.01, Math.max(0, (0.35 - at) / 0.01));
    data.writeInt16LE(Math.round(Math.sin(2 * Math.PI * hz * n / rate) * 16000 * edge), n * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

// ---- recognition -----------------------------------------------------------

// The remote's video: on the tutorial's page, or the first one on ours.
const REMOTE = '#remote, #tiles .tile video';

// Waits until the video of @selector shows the ball of @colour going round:
// a disc of plausible size whose centre travels through the picture. Returns
// what was measured; throws with it when @ms have passed.
export async function seesBall(page, { selector = REMOTE, colour = 'red', ms = 20000 } = {}) {
  const result = await page.evaluate(watchBall, { selector, target: COLOURS[colour], others: Object.values(COLOURS), ms });
  if (!result.ok)
    throw new Failure(`no moving ${colour} ball in ${selector}: ${JSON.stringify(result)}`);
  return result;
}

// Waits until there is a picture (or none at all) without the ball for a second.
export async function seesNoBall(page, { selector = REMOTE, colour = 'red', ms = 10000 } = {}) {
  const result = await page.evaluate(watchBall, { selector, target: COLOURS[colour], others: Object.values(COLOURS), ms, absent: true });
  if (!result.ok)
    throw new Failure(`the ${colour} ball stays in ${selector}: ${JSON.stringify(result)}`);
  return result;
}

async function watchBall({ selector, target, others, ms, absent = false }) {
  const W = 160;
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const far = (p, o, c) => (p[o] - c[0]) ** 2 + (p[o + 1] - c[1]) ** 2 + (p[o + 2] - c[2]) ** 2;

  // Centre and shape of the pixels that are nearer to the colour than to any other.
  function measure(video) {
    const H = Math.max(1, Math.round(W * video.videoHeight / video.videoWidth));
    [canvas.width, canvas.height] = [W, H];
    pen.drawImage(video, 0, 0, W, H);
    const p = pen.getImageData(0, 0, W, H).data;
    let [n, sx, sy, sxx, syy] = [0, 0, 0, 0, 0];
    for (let o = 0; o < p.length; o += 4) {
      const own = far(p, o, target);
      if (own > 110 ** 2 || others.some((c) => far(p, o, c) < own))
        continue;
      const x = (o / 4) % W, y = Math.floor(o / 4 / W);
      n++; sx += x; sy += y; sxx += x * x; syy += y * y;
    }
    if (n < 30 || n > W * H / 4)
      return { n, disc: false };
    const x = sx / n, y = sy / n;
    // For a disc of n pixels the variance along each axis is n / 4π.
    const even = n / (4 * Math.PI);
    const round = [(sxx / n - x * x) / even, (syy / n - y * y) / even];
    return { n, x, y, H, round, disc: round.every((v) => v > 0.6 && v < 1.7) };
  }

  const began = performance.now();
  let [path, last, frames, travel, gone] = [[], null, 0, 0, 0];
  let spanX = 0, spanY = 0;
  while (performance.now() - began < ms) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const video = document.querySelector(selector);
    const m = video && video.videoWidth && video.readyState >= 2 && video.srcObject
      ? measure(video) : { n: 0, disc: false };
    last = m;
    if (absent) {
      gone = m.n < 30 ? gone + 1 : 0;
      if (gone >= 10)
        return { ok: true };
      continue;
    }
    if (!m.disc)
      continue;
    frames++;
    const before = path.at(-1);
    if (before)
      travel += Math.hypot(m.x - before.x, m.y - before.y);
    path.push(m);
    const reach = (axis) => Math.max(...path.map((q) => q[axis])) - Math.min(...path.map((q) => q[axis]));
    [spanX, spanY] = [reach('x') / m.H, reach('y') / m.H];
    // Half of the orbit both ways, and no jumping about: a turn is 1.9 heights.
    if (frames >= 12 && spanX > 0.3 && spanY > 0.3 && travel / m.H > 0.8 && travel / m.H < frames)
      return { ok: true, frames, spanX, spanY, travel: travel / m.H, pixels: m.n, ms: Math.round(performance.now() - began) };
  }
  const video = document.querySelector(selector);
  return { ok: false, frames, spanX, spanY, travel, last,
    size: video && `${video.videoWidth}x${video.videoHeight}`, time: video?.currentTime, state: document.body.dataset.state };
}

// Waits until the sound of @selector's stream is the tone of @hz: the largest
// FFT bin is that of @hz ± 1, well above the rest, in several looks. The
// element itself has to be playing and not muted.
export async function hearsTone(page, { selector = REMOTE, hz = 440, ms = 20000 } = {}) {
  const result = await page.evaluate(watchTone, { selector, hz, ms });
  if (!result.ok)
    throw new Failure(`no tone of ${hz} Hz in ${selector}: ${JSON.stringify(result)}`);
  return result;
}

// Waits for a second and a half of silence.
export async function hearsSilence(page, { selector = REMOTE, ms = 10000 } = {}) {
  const result = await page.evaluate(watchTone, { selector, hz: 0, ms, absent: true });
  if (!result.ok)
    throw new Failure(`no silence in ${selector}: ${JSON.stringify(result)}`);
  return result;
}

async function watchTone({ selector, hz, ms, absent = false }) {
  const began = performance.now();
  const context = new AudioContext();
  // Not waited for: without a sound card Firefox never says that it runs.
  context.resume().catch(() => {});
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  const bins = new Float32Array(analyser.frequencyBinCount);
  const bin = context.sampleRate / analyser.fftSize;
  let [stream, source, hits, quiet, seen] = [null, null, 0, 0, {}];
  const finish = async (value) => { await context.close(); return { ...value, ms: Math.round(performance.now() - began) }; };
  while (performance.now() - began < ms) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    const element = document.querySelector(selector);
    if (element?.srcObject && element.srcObject !== stream && element.srcObject.getAudioTracks().length) {
      source?.disconnect();
      stream = element.srcObject;
      source = context.createMediaStreamSource(stream);
      source.connect(analyser);
    }
    if (source)
      analyser.getFloatFrequencyData(bins);
    else
      bins.fill(-Infinity);
    const peak = bins.reduce((best, v, i) => (i > 2 && v > bins[best] ? i : best), 3);
    const floor = [...bins].sort((a, b) => a - b)[bins.length >> 1];
    const audible = Boolean(element && !element.muted && !element.paused && element.volume > 0);
    seen = { hz: Math.round(peak * bin), level: Math.round(bins[peak]), floor: Math.round(floor), audible, tracks: stream?.getAudioTracks().length ?? 0 };
    if (absent) {
      quiet = bins[peak] < -75 || !Number.isFinite(bins[peak]) ? quiet + 1 : 0;
      if (quiet >= 12)
        return finish({ ok: true, ...seen });
      continue;
    }
    if (audible && Math.abs(peak - hz / bin) <= 1 && bins[peak] > -55 && bins[peak] > floor + 25)
      hits++;
    if (hits >= 5)
      return finish({ ok: true, ...seen });
  }
  return finish({ ok: false, hits, ...seen });
}
