// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorders of the documents, word by word: Ctrl-C at any time leaves a file
// that plays to its end, whatever the remote did to its picture meanwhile.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure, check, equal, test, until } from '../support/harness.mjs';
import { Person as Visitor } from '../support/person.mjs';
import { Child, SOURCE, startServer } from '../support/servers.mjs';
import { browser } from '../support/shared-browsers.mjs';
import { PERSON, Person, build, launch, online, printed } from './pieces.mjs';

// The launch lines that write @file, one a document.
async function documented(document, file) {
  const text = await readFile(path.join(SOURCE, document), 'utf8');
  const line = text.replace(/\\\n/g, ' ').split('\n').find((l) => l.includes('gst-launch-1.0') && l.includes(`location=${file}`));
  if (!line)
    throw new Failure(`${document} writes no ${file}`);
  return line.trim().replace('gst-launch-1.0 -e', '').replace(/autovideosink|autoaudiosink/g, 'fakesink');
}

const RECORDERS = [['README.md', 'call.mkv'], ['docs/chatpeer.md', 'call.mkv'], ['docs/chatpeer.md', 'call.mp4']];

async function record(t, [document, file]) {
  const { port, url } = await startServer(t, build);
  const folder = await mkdtemp(path.join(tmpdir(), 'chat-recording-'));
  t.defer(() => rm(folder, { recursive: true, force: true }));
  const location = path.join(folder, file);
  const line = (await documented(document, file)).replace(`location=${file}`, `location=${location}`)
    .replace('chatpeer ', `chatpeer uri=chat://127.0.0.1:${port} `);
  const child = launch(t, line, { flags: ['-m', '-e'] });
  await online(child);
  const bytes = async () => (await stat(location).catch(() => ({ size: 0 }))).size;
  const grows = async (by) => {
    const before = await bytes();
    await until(async () => await bytes() >= before + by, async () => `${by} bytes more in ${file}, which has ${await bytes()}, had ${before}`, 60000);
  };
  return { child, location, port, url, grows };
}

// Ctrl-C, and nothing else.
async function interrupt(child) {
  child.process.kill('SIGINT');
  await until(() => child.ended !== null, 'gst-launch-1.0 to end by itself after Ctrl-C', 15000);
  equal(child.ended, 0, 'its exit');
  check(!/^ERROR/m.test(printed(child)), `no error: ${printed(child).match(/^ERROR.*/m)}`);
}

// Plays the file; what was seen and heard in it.
async function play(t, location) {
  const probe = new Child(t, path.join(build, 'tests/support/media-probe'), ['--check', location]);
  equal(await probe.exit, 0, 'the exit of the player');
  const last = (kind) => probe.lines.map((l) => JSON.parse(l)[kind]).filter(Boolean).at(-1);
  return { video: last('video'), audio: last('audio') };
}

// Another program's opinion: complaints while it decodes all of it. Its own
// output without a frame rate does not count.
async function complaints(location) {
  const ffmpeg = spawn('ffmpeg', ['-v', 'repeat+error', '-i', location, '-f', 'null', '-'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  ffmpeg.stderr.on('data', (data) => { text += data; });
  const code = await new Promise((resolve) => { ffmpeg.on('close', resolve); ffmpeg.on('error', resolve); });
  text = text.split('\n').filter((line) => !/non monotonically increasing dts to muxer|^$/.test(line)).join('\n');
  return code === 0 ? text : `${code} ${text}`;
}

async function holds(t, location, seconds) {
  const { video, audio } = await play(t, location);
  check(video.moving && video.seen[PERSON.colour] > 10, `a moving ball in it: ${JSON.stringify(video)}`);
  equal([video.width, video.height], [640, 480], 'its size');
  check(audio.tones[PERSON.hz] > 2, `the tone in it: ${JSON.stringify(audio)}`);
  check(video.end > seconds && audio.end > seconds, `${seconds} s of both: ${video.end} and ${audio.end}`);
  equal(await complaints(location), '', 'what ffmpeg says');
}

for (const recorder of RECORDERS) {
  const name = recorder.join(', ');

  test(`recording (${name}): the picture changes its size, then Ctrl-C in the call`, async (t) => {
    const { child, location, port, grows } = await record(t, recorder);
    const ann = new Person(t, port, { properties: 'call=Recorder' });
    await grows(40000);
    for (const size of ['640,height=480', '160,height=120', '480,height=640']) {
      ann.send(`set size caps video/x-raw,width=${size},framerate=15/1`);
      await grows(30000);
    }
    await interrupt(child);
    equal((await ann.json((l) => l['chat-call']?.state === 'idle', 'the end'))['chat-call'].reason, 'hung-up', 'what the other side is told');
    await holds(t, location, 4);
  });

  test(`recording (${name}): Ctrl-C between two calls, and after them`, async (t) => {
    const { child, location, port, grows } = await record(t, recorder);
    const ann = new Person(t, port);
    await ann.online();
    for (let n = 0; n < 2; n++) {
      ann.call('Recorder');
      await grows(60000);
      await ann.hangUp();
      await until(() => printed(child).match(/chat-call,.*state=\(string\)idle/g)?.length === n + 1, 'the end of the call');
    }
    await interrupt(child);
    await holds(t, location, 2);
  });

  test(`recording (${name}): Ctrl-C, and nobody has ever called`, async (t) => {
    const { child } = await record(t, recorder);
    await interrupt(child);
  });
}

test('recording: a canvas in Chromium changes its size in the call', async (t) => {
  const { child, location, url, grows } = await record(t, RECORDERS[0]);
  const ann = await Visitor.join(t, await browser('chromium'), url, { name: 'Ann', source: PERSON });
  await ann.dial('Recorder');
  await ann.state('connected', 45000);
  await grows(60000);
  for (const factor of [1.5, 0.5]) {
    await ann.page.evaluate((f) => {
      const canvas = window.testSources.find((s) => s instanceof HTMLCanvasElement);
      [canvas.width, canvas.height] = [640 * f, 480 * f];
      canvas.getContext('2d').scale(f, f);
    }, factor);
    await grows(60000);
  }
  await interrupt(child);
  await holds(t, location, 4);
});
