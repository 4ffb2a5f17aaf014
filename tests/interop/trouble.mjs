// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes wrong: what gst-launch-1.0 prints, and what goes on.
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { check, equal, test, until } from '../support/harness.mjs';
import { startServer } from '../support/servers.mjs';
import { PIPELINE, Person, build, chatpeer, launch, online, picture, printed, prints, sound } from './pieces.mjs';

const OUT = 'peer. ! queue ! videoconvert ! fakesink peer. ! queue ! audioconvert ! fakesink';
const BOTH = `${picture(PIPELINE)} ! peer. ${sound(PIPELINE)} ! peer. ${OUT}`;
const alive = (child) => equal(child.ended, null, `${printed(child).match(/^ERROR.*/m) ?? ''} its exit`);
const times = (child, pattern) => printed(child).match(pattern)?.length ?? 0;

// ---- the server ----

test('trouble: no server, and one that comes later; it goes in a call and comes back', async (t) => {
  const first = await startServer(t, build);
  await first.child.stop();
  const child = launch(t, chatpeer(first.port, 'Camera') + BOTH);
  await prints(child, new RegExp(`WARNING: .*No chat server at 127.0.0.1:${first.port}: connection refused. Is gst-chat-server running\\?`));
  const second = await startServer(t, build, [`--port=${first.port}`]);
  await online(child);
  const ann = new Person(t, first.port);
  await ann.online();
  ann.call('Camera');
  await ann.meets(PIPELINE);

  await second.child.stop('SIGKILL');
  await prints(child, new RegExp(`WARNING: .*127.0.0.1:${first.port}.*(lost|closed)`));
  await ann.next((l) => l['chat-signalling']?.state === 'reconnecting', 'the loss');
  await ann.meets(PIPELINE);
  equal(times(child, /chat-call,.*state=\(string\)ending/g), 0, 'calls that have ended');

  const back = ann.next((l) => l['chat-signalling']?.state === 'connected', 'to be online again', 60000);
  await startServer(t, build, [`--port=${first.port}`]);
  await back;
  await until(() => times(child, /chat-signalling.*state=\(string\)connected/g) === 2, 'the pipeline online again', 60000);
  await ann.hangUp();
  await until(() => times(child, /chat-call,.*state=\(string\)idle/g) === 1, 'the end of the call');
  ann.call('Camera');
  await ann.meets(PIPELINE);
  alive(child);
}, { seconds: 240 });

test('trouble: the server goes before a call, and while it rings', async (t) => {
  const first = await startServer(t, build);
  const child = launch(t, chatpeer(first.port, 'Camera', 'call=Ann') + BOTH);
  await online(child);
  await first.child.stop('SIGKILL');
  await prints(child, new RegExp(`WARNING: .*127.0.0.1:${first.port}.*(lost|closed)`));
  const second = await startServer(t, build, [`--port=${first.port}`]);
  await until(() => times(child, /chat-signalling.*state=\(string\)connected/g) === 2, 'the pipeline online again', 60000);

  const ann = new Person(t, first.port, { properties: 'accept=ask' });
  await prints(child, /chat-call,.*state=\(string\)ringing/);
  await second.child.stop('SIGKILL');
  await prints(child, /chat-call,.*state=\(string\)idle.*reason=\(string\)lost/);
  equal((await ann.json((l) => l['chat-call']?.state === 'idle', 'the end there'))['chat-call'].reason, 'lost', 'what the other side is told');
  await ann.stop();
  await startServer(t, build, [`--port=${first.port}`]);
  const back = new Person(t, first.port);
  await back.meets(PIPELINE, 'video audio', 60000);
  alive(child);
}, { seconds: 240 });

// ---- the address ----

test('trouble: uri is wrong', async (t) => {
  for (const [uri, says] of [
    ['ftp://localhost', /ERROR: .*"ftp:\/\/localhost" cannot be used as uri: its scheme is none of .*example: chat:\/\/localhost:5000/],
    ['chat://localhost:abc', /ERROR: .*"chat:\/\/localhost:abc" cannot be used as uri: .*port/],
    ['chat://', /ERROR: .*"chat:\/\/" cannot be used as uri/],
  ]) {
    const child = launch(t, `chatpeer name=peer uri=${uri} ${BOTH}`);
    check(await child.exit !== 0, `an exit that tells for ${uri}`);
    check(says.test(printed(child)), `${says} in ${printed(child).match(/^ERROR.*/m)}`);
  }
});

test('trouble: uri leads to nobody, or to somebody else', async (t) => {
  const http = createServer((request, response) => { response.statusCode = 404; response.end('no'); });
  await new Promise((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  t.defer(async () => { http.closeAllConnections(); http.close(); });
  const { port } = http.address();
  for (const [uri, says] of [
    ['chat://nohost.invalid:5000', /WARNING: .*The host of nohost.invalid:5000 cannot be found: .*Is the uri right\?/],
    [`chat://127.0.0.1:${port}`, /WARNING: .*is not a Socket.IO server \(HTTP 404 at \/socket.io\/\)/],
    [`chats://127.0.0.1:${port}`, /WARNING: .*No TLS with .*use chat:\/\/ instead of chats:\/\//],
  ]) {
    const child = launch(t, `chatpeer name=peer uri=${uri} ${BOTH}`);
    await prints(child, says);
    alive(child);
    await child.stop('SIGINT');
  }
});

// ---- what is not installed ----

const PLUGINS = path.dirname(/Filename +(.*)/.exec(execFileSync('gst-inspect-1.0', ['coreelements'], { encoding: 'utf8' }))[1]);
// Enough of them; looking through all takes its time.
const KEPT = /^libgst(coreelements|videotestsrc|audiotestsrc|app|rtp|rtpmanager|vpx|opus|opusparse|nice|dtls|srtp|webrtc|videoconvertscale|audioconvert|audioresample|x264|openh264|libav|videoparsersbad|mulaw|alaw|typefindfunctions|playback|autodetect|videorate|audioparsers|volume)\.so$/;

const MISSING = [
  ['nice', '', /ERROR: .*Missing GStreamer elements nicesrc, nicesink: install gstreamer1.0-nice/],
  ['dtls', '', /ERROR: .*Missing GStreamer elements dtlssrtpdec, dtlssrtpenc: install gstreamer1.0-plugins-bad/],
  ['srtp', '', /ERROR: .*Missing GStreamer elements srtpenc, srtpdec: install gstreamer1.0-plugins-bad/],
  ['webrtc', '', /ERROR: .*Missing GStreamer element webrtcbin: install gstreamer1.0-plugins-bad/],
  ['opus', '', /ERROR: .*Missing GStreamer elements .*opusenc, opusdec: install gstreamer1.0-plugins-base/],
  ['vpx', 'video-codecs=vp8', /ERROR: .*No VP8 encoder \(vp8enc\): install gstreamer1.0-plugins-good/],
  ['videoparsersbad', 'video-codecs=h264', /ERROR: .*No H264 parser \(h264parse\): install gstreamer1.0-plugins-bad/],
  ['x264 openh264', 'video-codecs=h264', /ERROR: .*No H264 encoder \(x264enc or openh264enc\): install gstreamer1.0-plugins-ugly or gstreamer1.0-plugins-bad/],
];

for (const [hidden, properties, says] of MISSING) {
  test(`trouble: ${hidden} is not installed`, async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'chat-plugins-'));
    t.defer(() => rm(folder, { recursive: true, force: true }));
    const without = hidden.split(' ').map((name) => `libgst${name}.so`);
    for (const file of await readdir(PLUGINS))
      if (KEPT.test(file) && !without.includes(file))
        await symlink(path.join(PLUGINS, file), path.join(folder, file));
    const { port, child: server } = await startServer(t, build);
    const child = launch(t, chatpeer(port, 'Camera', properties) + BOTH, { flags: ['-v'], env: {
      GST_PLUGIN_SYSTEM_PATH_1_0: folder, GST_REGISTRY_1_0: path.join(folder, 'registry.bin'), GST_REGISTRY_FORK: 'no',
    } });
    check(await child.exit !== 0, 'an exit that tells');
    check(says.test(printed(child)), `${says} in ${printed(child).match(/^ERROR.*/m)}`);
    check(!/Connecting to/.test(printed(child)), 'nothing has been sent to the server');
    equal(server.ended, null, 'the server');
  });
}

// ---- the other side ----

test('trouble: who shall be called is not online, and comes later', async (t) => {
  const { port } = await startServer(t, build);
  const bob = new Person(t, port, { name: 'Bob' });
  await bob.online();
  const child = launch(t, chatpeer(port, 'Camera', 'call=Ann') + BOTH);
  await prints(child, /WARNING: from element .*: Nobody called "Ann" is online. Online are: Bob. The call is made as soon as "Ann" comes.$/m);
  const ann = new Person(t, port);
  await ann.meets(PIPELINE);
  await ann.hangUp();
  await ann.stop();
  await prints(child, /state=\(string\)idle/);
  bob.call('Camera');
  await bob.meets(PIPELINE);
  equal(times(child, /^WARNING/gm), 1, 'warnings');
  alive(child);
});

test('trouble: no common codec for the picture; the sound goes on', async (t) => {
  const { port } = await startServer(t, build);
  const child = launch(t, chatpeer(port, 'Camera', 'video-codecs=vp8') + BOTH);
  await online(child);
  const ann = new Person(t, port, { properties: 'video-codecs=h264' });
  await ann.online();
  ann.call('Camera');
  await ann.meets(PIPELINE, 'audio');
  await prints(child, /WARNING: .*The call goes on without a part: No common video codec: we have vp8; the remote has .H264.\. The property video-codecs/);
  await ann.hangUp();
  await ann.stop();
  const bob = new Person(t, port, { name: 'Bob' });
  await bob.online();
  bob.call('Camera');
  await bob.meets(PIPELINE);
  alive(child);
});

test('trouble: no codec in common, which both sides are told', async (t) => {
  const { port } = await startServer(t, build);
  const callee = launch(t, chatpeer(port, 'Callee', 'video-codecs=h264 audio-codecs=opus') + BOTH);
  await online(callee);
  const caller = launch(t, chatpeer(port, 'Caller', 'video-codecs=vp8 audio-codecs=pcmu call=Callee') + BOTH);
  const words = 'No common audio codec: we have opus; the remote has .PCMU.\\. The property audio-codecs of chatpeer says which may be used';
  await prints(callee, new RegExp(`WARNING: .*The call has ended: ${words}`));
  await prints(caller, new RegExp(`WARNING: .*The call has ended: The other side says: ${words}`));
  for (const child of [callee, caller]) {
    await prints(child, /state=\(string\)idle.*reason=\(string\)failed/);
    alive(child);
  }
  const ann = new Person(t, port);
  await ann.online();
  for (const name of ['Callee', 'Caller']) {
    ann.call(name);
    await ann.meets(PIPELINE);
    await ann.hangUp();
  }
});

test('trouble: a source that fails is the pipeline\'s own error; one that ends leaves the other', async (t) => {
  const { port } = await startServer(t, build);
  const ann = new Person(t, port);
  await ann.online();
  const ends = launch(t, chatpeer(port, 'Ends') + `${picture(PIPELINE).replace('videotestsrc', 'videotestsrc num-buffers=60')} ! peer. ${sound(PIPELINE)} ! peer. ${OUT}`);
  await online(ends);
  ann.call('Ends');
  await ann.meets(PIPELINE, 'audio');
  await ann.next(({ video: v }) => v?.sink === 'vcheck' && !v.moving, 'the end of the picture', 30000);
  await ann.meets(PIPELINE, 'audio');
  alive(ends);
  await ann.hangUp();
  const fails = launch(t, chatpeer(port, 'Fails') + `${picture(PIPELINE)} ! identity error-after=60 ! peer. ${sound(PIPELINE)} ! peer. ${OUT}`);
  await online(fails);
  const end = ann.ends(60000);
  ann.call('Fails');
  check(await fails.exit !== 0, 'an exit that tells');
  check(/ERROR: from element .*identity/.test(printed(fails)), 'who it was');
  equal((await end).reason, 'hung-up', 'what the other side is told');
});
