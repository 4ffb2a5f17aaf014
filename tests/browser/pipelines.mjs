// SPDX-License-Identifier: LGPL-2.1-or-later
// A person and a pipeline: who calls whom, what each sees and hears.
import { equal } from '../support/harness.mjs';
import { hearsTone, seesBall } from '../support/media.mjs';
import { Probe } from '../support/servers.mjs';
import { ANN, build, scene } from './world.mjs';

const VIDEO = 'videotestsrc is-live=true pattern=ball foreground-color=0xff3250eb ! '
  + 'video/x-raw,width=640,height=480,framerate=20/1 ! peer.';
const AUDIO = 'audiotestsrc is-live=true freq=700 ! audio/x-raw,rate=48000 ! peer.';
const SINKS = 'peer. ! queue ! videoconvert ! fakesink name=vcheck peer. ! queue ! audioconvert ! fakesink name=acheck';

function pipeline(t, server, properties = '', sources = `${VIDEO} ${AUDIO}`) {
  return new Probe(t, build, `chatpeer name=peer uri=chat://127.0.0.1:${server.port} `
    + `display-name=Camera ${properties} ${sources} ${SINKS}`);
}

const seesPipeline = (person) => Promise.all([
  seesBall(person.page, { colour: 'blue' }), hearsTone(person.page, { hz: 700 })]);

async function everything(person, probe) {
  await Promise.all([seesPipeline(person), probe.sees(person.source.colour), probe.hears(person.source.hz)]);
}

// What is done to end the call, and that the pipeline notices.
async function endsBy(probe, deed) {
  const [line] = await Promise.all([
    probe.next((l) => l['chat-call']?.state === 'idle', 'the end of the call'), deed()]);
  return line['chat-call'];
}

for (const kind of ['chromium', 'firefox']) {
  scene(`${kind} clicks on the name of a pipeline, three times`, async ({ t, server, join }) => {
    const probe = pipeline(t, server);
    const ann = await join(kind, ANN);
    for (let n = 0; n < 3; n++) {
      await ann.dial('Camera');
      await ann.state('connected');
      await ann.says('In a call with Camera');
      await everything(ann, probe);
      const end = await endsBy(probe, () => ann.click('#hang-up'));
      equal([end.reason, end['remote-name']], ['hung-up', 'Ann'], 'what the pipeline says');
    }
  });

  scene(`a pipeline calls ${kind}, is declined, calls the next time`, async ({ t, server, join }) => {
    const ann = await join(kind, ANN);
    const probe = pipeline(t, server, 'call=Ann');
    await ann.is('dialog', true);
    await ann.is('title', 'Camera is calling');
    const end = await endsBy(probe, () => ann.click('#decline'));
    equal(end.reason, 'declined', 'what the pipeline says');
    probe.send(`call ${(await ann.look()).ownId}`);
    await ann.accept();
    await ann.state('connected');
    await everything(ann, probe);
    probe.send('hang-up');
    await ann.says('Camera hung up');
  });
}

scene('a person who only watches calls a pipeline, and is called', async ({ t, server, join }) => {
  const probe = pipeline(t, server);
  const ann = await join('chromium', { ...ANN, params: { view: 'only', answer: 'auto' } });
  await ann.dial('Camera');
  await seesPipeline(ann);
  await ann.click('#hang-up');
  await ann.state('idle');
  probe.send(`call ${(await ann.look()).ownId}`);
  await ann.state('connected');
  await seesPipeline(ann);
});

scene('a pipeline with sound alone', async ({ t, server, join }) => {
  const probe = new Probe(t, build, `chatpeer name=peer uri=chat://127.0.0.1:${server.port} `
    + `display-name=Intercom ${AUDIO} peer. ! queue ! audioconvert ! fakesink name=acheck`);
  const ann = await join('chromium', ANN);
  await ann.dial('Intercom');
  await Promise.all([hearsTone(ann.page, { hz: 700 }), probe.hears(440)]);
  await ann.is('remoteVideo', 'no');
});

scene('a pipeline that is killed has left', async ({ t, server, join }) => {
  const probe = pipeline(t, server);
  const ann = await join('chromium', ANN);
  await ann.dial('Camera');
  await seesPipeline(ann);
  await probe.stop('SIGKILL');
  await ann.says('Camera has left');
  await ann.until((seen) => !seen.users.length, 'an empty list');
});
