// SPDX-License-Identifier: LGPL-2.1-or-later
// An hour of one 720p call between chatpeer and our page in Chromium: is picture
// and sound as young in the end as after the first minute, do they go together,
// and does memory stay? From content: a flash and a click each second, both ways.
//
//     HOUR_SECONDS=600 node tests/hour/run.mjs BUILD [--write]
//
// --write puts the table into docs/benchmarks.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Program } from '../bench/program.mjs';
import { write } from '../bench/document.mjs';
import { machine } from '../bench/machine.mjs';
import { median, number, table } from '../bench/stats.mjs';
import { launch } from '../support/browsers.mjs';
import { check, pause, run, test, until } from '../support/harness.mjs';
import { Person } from '../support/person.mjs';
import { startServer } from '../support/servers.mjs';

const build = path.resolve(process.argv[2] ?? 'build');
const SECONDS = Number(process.env.HOUR_SECONDS ?? 3600);
const SIZE = { width: 1280, height: 720, fps: 20 };
// What one row of the table, and one comparison, is about.
const PART = Math.min(60, SECONDS / 4);
const LATER_MS = 20;
const APART_MS = 40;
// Of memory: buffers that a busy minute has needed stay, in all; but not one after
// the other in the second half.
const GROWN = 1.25;
const GROWN_LATER = 1.02;

const mono = () => Number(process.hrtime.bigint()) / 1e6;

// In the page, before its scripts: its camera and microphone flash and click; what
// the remote sends is looked at. Times are the page's, in ms.
function instrument({ width, height, fps }) {
  const PERIOD = 1000, FLASH = 3 * 1000 / fps, CLICK = 0.03;
  const tell = (what) => console.debug(`hour ${JSON.stringify(what)}`);

  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    const context = new AudioContext();
    const gain = new GainNode(context, { gain: 0 });
    const out = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 1000 });
    tone.connect(gain).connect(out);
    tone.start();
    window.hourSources = [canvas, context];
    let [next, white] = [performance.now() + PERIOD, 0];
    setInterval(() => {
      const now = performance.now();
      if (now >= next) {
        next += PERIOD * Math.ceil((now - next + 1) / PERIOD);
        white = now + FLASH;
        tell({ sent: 'video', at: now });
        gain.gain.setValueAtTime(0.6, context.currentTime);
        gain.gain.setValueAtTime(0, context.currentTime + CLICK);
        tell({ sent: 'audio', at: now });
      }
      pen.fillStyle = now < white ? '#fff' : '#000';
      pen.fillRect(0, 0, width, height);
      // Something that moves, or the picture costs nothing.
      pen.fillStyle = '#555';
      for (let i = 0; i < 40; i++)
        pen.fillRect((now / 3 + i * 97) % width, (i * 53) % height, 30, 20);
    }, 1000 / fps);
    return new MediaStream([canvas.captureStream(fps).getVideoTracks()[0], out.stream.getAudioTracks()[0]]);
  };

  // A flash begins where it is bright after a dark while.
  const edge = (kind) => {
    let [bright, since] = [false, 0];
    return (is, at) => {
      if (is && !bright && at - since > PERIOD / 4)
        tell({ seen: kind, at });
      if (!is && bright)
        since = at;
      bright = is;
    };
  };

  function watchVideo(video) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 16, height: 9 });
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    const look = edge('video');
    const frame = (now, { expectedDisplayTime }) => {
      pen.drawImage(video, 0, 0, 16, 9);
      const { data } = pen.getImageData(0, 0, 16, 9);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4)
        sum += data[i];
      look(sum / (data.length / 4) > 128, expectedDisplayTime);
      window.hourSize = [video.videoWidth, video.videoHeight];
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  }

  // Ten milliseconds at a time, when the sound card asks for them; what it holds
  // back before they are heard is in the statistics. An AudioContext would add its
  // own buffers, which grow.
  async function watchAudio(track) {
    const look = edge('audio');
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (let frame; (frame = (await reader.read()).value); frame.close()) {
      const at = performance.now();
      const samples = new Float32Array(frame.numberOfFrames);
      frame.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const loud = samples.findIndex((x) => Math.abs(x) > 0.15);
      look(loud >= 0, at + window.hourPlayout + 1000 * Math.max(loud, 0) / frame.sampleRate);
    }
  }

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.hourPlayout = NaN;
      let before = { totalPlayoutDelay: 0, totalSamplesCount: 0 };
      const timer = setInterval(async () => {
        if (this.connectionState === 'closed')
          return clearInterval(timer);
        for (const report of (await this.getStats()).values()) {
          if (report.type !== 'media-playout')
            continue;
          const samples = report.totalSamplesCount - before.totalSamplesCount;
          if (samples > 0)
            window.hourPlayout = 1000 * (report.totalPlayoutDelay - before.totalPlayoutDelay) / samples;
          before = report;
        }
      }, 1000);
    }
  };

  const timer = setInterval(() => {
    const video = document.querySelector('#tiles .tile video');
    const track = video?.srcObject?.getAudioTracks()[0];
    if (!track || !video.srcObject.getVideoTracks().length)
      return;
    clearInterval(timer);
    watchVideo(video);
    watchAudio(track);
  }, 100);
}

// KiB that the process has, and all below it.
function memory(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  return own + children.reduce((sum, child) => sum + memory(child), 0);
}

// ms from each event that was sent to the one that is seen after it.
function delays(sent, seen, from, to) {
  return seen.filter((at) => at >= from && at < to).map((at) => at - sent.findLast((s) => s <= at)).filter(Number.isFinite);
}

test(`${SECONDS} s of a 720p call with Chromium`, async (t) => {
  const server = await startServer(t, build, []);
  const browser = await launch('chromium');
  t.defer(() => browser.close());
  const events = [];
  const person = await Person.join(t, browser, server.url, {
    name: 'Person', source: null, params: { answer: 'auto' }, init: [`(${instrument})(${JSON.stringify(SIZE)})`],
    setup: (page) => page.on('console', (message) => {
      if (message.text().startsWith('hour '))
        events.push(JSON.parse(message.text().slice(5)));
    }),
  });
  // Both clocks are monotonic, so what lies between them stays.
  const asked = mono();
  const page = await person.page.evaluate(() => performance.now());
  const offset = (asked + mono()) / 2 - page;

  const robot = new Program(path.join(build, 'tests/bench/flash-call'), ['--uri', server.url.replace(/^http/, 'chat'), '--name', 'Robot', '--call', 'Person',
    '--width', `${SIZE.width}`, '--height', `${SIZE.height}`, '--framerate', `${SIZE.fps}`],
  { env: { GST_PLUGIN_PATH_1_0: path.join(build, 'gst/elements'), GST_REGISTRY_1_0: path.join(build, 'registry.bin') } });
  t.defer(() => robot.stop());
  await until(() => ['video', 'audio'].every((kind) => events.some((e) => e.seen === kind) && robot.lines.some((l) => l.flash === 'played' && l.kind === kind)),
    'flashes and clicks both ways', 60000);

  const here = (what, kind) => robot.lines.filter((l) => l.flash === what && l.kind === kind).map((l) => l.at / 1000);
  const there = (what, kind) => events.filter((e) => e[what] === kind).map((e) => e.at + offset);
  const parts = [];
  const began = mono();
  while (mono() - began < 1000 * SECONDS) {
    const from = mono();
    await pause(1000 * PART);
    check(!robot.exit, () => `the pipeline has ended: ${robot.stderr}`);
    const to = mono();
    const part = { minute: (to - began) / 60000, robot: memory(robot.child.pid), browser: memory(browser.puppet.process().pid), size: await person.page.evaluate(() => window.hourSize) };
    for (const kind of ['video', 'audio']) {
      part[`out ${kind}`] = median(delays(here('sent', kind), there('seen', kind), from, to));
      part[`in ${kind}`] = median(delays(there('sent', kind), here('played', kind), from, to));
    }
    parts.push(part);
    console.log(`# ${JSON.stringify(part)}`);
  }

  const [first, last] = [parts[1], parts.at(-1)];
  const rows = parts.filter((p, n) => n === 1 || n === parts.length - 1 || n % Math.ceil(parts.length / 8) === 0);
  const text = `${machine(build)}\n\n${table(['minute', 'to Chromium: picture, ms', 'sound, ms', 'from Chromium: picture, ms', 'sound, ms', 'chatpeer, MiB', 'Chromium, MiB'],
    rows.map((p) => [number(p.minute, 1), ...['out video', 'out audio', 'in video', 'in audio'].map((k) => number(p[k], 0)), number(p.robot / 1024, 0), number(p.browser / 1024, 0)]))}`;
  console.log(`${text}\n`);
  if (process.argv.includes('--write'))
    write('hour', text);
  for (const key of ['out video', 'out audio', 'in video', 'in audio'])
    check(last[key] - first[key] <= LATER_MS, `${key}: ${number(last[key], 0)} ms in the end, ${number(first[key], 0)} ms after the first minute`);
  for (const way of ['out', 'in']) {
    const skew = median(parts.slice(1).map((p) => p[`${way} video`] - p[`${way} audio`]));
    check(Math.abs(skew) <= APART_MS, `${way}: the picture comes ${number(skew, 0)} ms after the sound`);
  }
  const middle = parts[Math.floor(parts.length / 2)];
  check(last.robot <= first.robot * GROWN && last.robot <= middle.robot * GROWN_LATER,
    `chatpeer has ${last.robot} KiB in the end, ${middle.robot} KiB half way, ${first.robot} KiB after the first minute`);
  check(String(last.size) === `${SIZE.width},${SIZE.height}`, `the picture is ${last.size}`);
}, { seconds: SECONDS + 300, alone: true });

await run({ jobs: 1 });
