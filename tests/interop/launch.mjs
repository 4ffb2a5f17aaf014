// SPDX-License-Identifier: LGPL-2.1-or-later
// chatpeer in gst-launch-1.0: how it is linked, and what may go into it.
import { check, equal, test, until } from '../support/harness.mjs';
import { startServer } from '../support/servers.mjs';
import { PIPELINE, Person, build, chatpeer, launch, online, picture, printed, prints, sound } from './pieces.mjs';

async function scene(t) {
  const { port } = await startServer(t, build);
  const ann = new Person(t, port);
  await ann.online();
  return { port, ann };
}

const buffers = (child, sink) => child.lines.filter((l) =>
  l.includes(`GstFakeSink:${sink}: last-message = chain`)).length;

// Raw pictures and sound in every call, on the sinks that were linked once.
async function grow(child, sinks) {
  const before = sinks.map((sink) => buffers(child, sink));
  await until(() => sinks.every((sink, n) => buffers(child, sink) >= before[n] + 8),
    () => `buffers in ${sinks.map((sink, n) => `${sink}: ${before[n]}, now ${buffers(child, sink)}`).join('; ')}`);
}

for (const link of ['!', ':']) {
  test(`gst-launch-1.0, "peer. ${link} queue": three calls in a row go on in the same sinks`, async (t) => {
    const { port, ann } = await scene(t);
    const child = launch(t, `${chatpeer(port, 'Camera')} ${picture(PIPELINE)} ! peer. ${sound(PIPELINE)} ! peer. `
      + `peer. ${link} queue ! videoconvert ! fakesink name=v silent=false sync=false `
      + `peer. ${link} queue ! audioconvert ! fakesink name=a silent=false sync=false`, { flags: ['-m', '-v'] });
    await online(child);
    for (let n = 0; n < 3; n++) {
      ann.call('Camera');
      await ann.meets(PIPELINE);
      await grow(child, ['v', 'a']);
      equal((await ann.hangUp()).reason, 'hung-up', 'the reason');
      await until(() => printed(child).match(/chat-call,.*state=\(string\)idle/g)?.length === n + 1, `the end of call ${n + 1}`);
    }
    check(!/(video|audio)_src_1/.test(printed(child)), 'one pad of each kind');
    check(!/^(ERROR|WARNING)/m.test(printed(child)), 'nothing to complain about');
    equal(child.ended, null, 'its exit');
  });
}

const P = picture(PIPELINE);
const S = sound(PIPELINE);
const OUT = 'peer. ! queue ! videoconvert ! fakesink peer. ! queue ! audioconvert ! fakesink';

// How people write it. {} is the element with its properties. Then: what is
// sent, and what the encoder in front has been asked for.
const ORDERS = [
  ['the element first, its outputs before its inputs', `{} ${OUT} ${P} ! peer. ${S} ! peer.`, 'video audio'],
  ['the element last', `${P} ! peer. ${S} ! peer. peer. ! queue ! videoconvert ! fakesink {}`, 'video audio'],
  ['the element in the middle of the chain', `${P} ! {} peer. ! queue ! videoconvert ! fakesink`, 'video'],
  ['the element as the end of the chain, and nothing comes out', `${S} ! {}`, 'audio'],
  ['pads by their names', `{} ${P} ! peer.video_0 ${S} ! peer.audio_0 peer.video_src_0 ! queue ! fakesink peer.audio_src_0 ! queue ! fakesink`, 'video audio'],
  ['one output for whatever comes first', `{} ${P} ! peer. peer. ! queue ! fakesink`, 'video'],
  ['sound without is-live', `{} ${sound(PIPELINE, '')} ! peer. ${OUT}`, 'audio'],
  ['a picture without is-live', `{} ${picture(PIPELINE, '')} ! peer. ${OUT}`, 'video'],
  ['VP8', `{} ${P} ! vp8enc deadline=1 ! peer.`, 'video'],
  ['VP9', `{} ${P} ! videoconvert ! video/x-raw,format=I420 ! vp9enc deadline=1 cpu-used=8 lag-in-frames=0 ! peer.`, 'video'],
  ['H.264', `{} ${P} ! x264enc tune=zerolatency ! peer.`, 'video', /x-h264.*profile=\(string\)constrained-baseline/],
  ['H.264 through a parser', `{} ${P} ! x264enc tune=zerolatency speed-preset=ultrafast ! h264parse ! peer.`, 'video'],
  ['Opus', `{} ${S} ! opusenc ! peer.`, 'audio'],
  ['G.711', `{} ${S} ! audioconvert ! audioresample ! mulawenc ! peer.`, 'audio'],
];

for (const [what, line, kinds, asked] of ORDERS) {
  test(`gst-launch-1.0: ${what}`, async (t) => {
    const { port, ann } = await scene(t);
    const child = launch(t, line.replace('{}', chatpeer(port, 'Camera')), { flags: ['-m', '-v'] });
    await online(child);
    ann.call('Camera');
    await ann.meets(PIPELINE, kinds);
    check(!asked || asked.test(printed(child)), `caps ${asked}`);
    await ann.hangUp();
    ann.call('Camera');
    await ann.meets(PIPELINE, kinds);
    check(!/^(ERROR|WARNING)/m.test(printed(child)), 'nothing to complain about');
  });
}

test('gst-launch-1.0 calls by itself, and once only', async (t) => {
  const { port, ann } = await scene(t);
  const child = launch(t, `${P} ! ${chatpeer(port, 'Camera', 'call=Ann')}`);
  await ann.meets(PIPELINE, 'video');
  await ann.hangUp();
  await prints(child, /state=\(string\)idle.*reason=\(string\)hung-up/);
  await ann.stop();
  const again = new Person(t, port);
  await again.meets(PIPELINE, 'video');
});
