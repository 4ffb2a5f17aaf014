// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline and a page that behaves like the tutorial's, on every generation
// of real server, with that generation's own client in the page.
import path from 'node:path';
import { half, test } from '../support/harness.mjs';
import { hearsTone, seesBall } from '../support/media.mjs';
import { Probe, VERSIONS, startRelay } from '../support/servers.mjs';
import { browser } from '../support/shared-browsers.mjs';
import { TUTOR, click, joinTutorial, online, ready } from '../support/tutorial.mjs';

const build = path.resolve(process.argv[2] ?? 'build');

const pipeline = (t, port) => new Probe(t, build,
  `chatpeer name=peer uri=chat://127.0.0.1:${port} `
  + 'videotestsrc is-live=true pattern=ball foreground-color=0xff3250eb ! video/x-raw,width=480,height=360,framerate=20/1 ! peer. '
  + 'audiotestsrc is-live=true freq=700 ! audio/x-raw,rate=48000 ! peer. '
  + 'peer. ! queue ! videoconvert ! fakesink name=vcheck '
  + 'peer. ! queue ! audioconvert ! fakesink name=acheck');

// @sends: what the pipeline gets; @gets: what the page gets.
const arrives = (probe, page, sends, gets) => Promise.all([
  gets.includes('video') && seesBall(page, { colour: 'blue' }),
  gets.includes('audio') && hearsTone(page, { hz: 700 }),
  sends.includes('video') && probe.sees(TUTOR.colour),
  sends.includes('audio') && probe.hears(TUTOR.hz)]);

// A page that calls offers the kinds that it has, and nothing for the other
// kind to come in. If it offers none at all, we call it back with both.
const getsWhenCalling = (sends) => sends || 'audio video';

const idle = (probe) => probe.next((l) => l['chat-call']?.state === 'idle', 'the end of the call', 30000);

async function place(probe, page, weCall) {
  if (weCall)
    probe.send(`call ${await online(page)}`);
  else
    await click(page);
}

const MEDIA = { both: 'audio video', video: 'video', audio: 'audio', none: '' };

// So ordered that every second line has each server with each browser, and each
// direction with each of both.
const COMBINATIONS = VERSIONS.flatMap((version, n) => ['chromium', 'firefox'].flatMap((kind, k) =>
  [false, true].map((same) => [version, kind, same === Boolean((n + k) % 2)])));

for (const [version, kind, weCall] of half(COMBINATIONS)) {
  const way = weCall ? 'called by us' : 'calls us';
  test(`socket.io ${version}, the tutorial in ${kind} ${way}: with both, video, audio, nothing; each again after a reload`, async (t) => {
    const relay = await startRelay(t, version);
    const probe = pipeline(t, relay.port);
    await probe.json((l) => l['chat-signalling']?.state === 'connected', 'to be online');
    for (const [media, sends] of Object.entries(MEDIA)) {
      t.note(`media=${media}`);
      const page = await joinTutorial(t, await browser(kind), relay.url, { media });
      for (const again of [false, true]) {
        if (sends)
          await ready(page, sends);
        await place(probe, page, weCall);
        await arrives(probe, page, sends, weCall ? 'audio video' : getsWhenCalling(sends));
        if (!again) {
          const end = idle(probe);
          await page.reload({ waitUntil: 'domcontentloaded' });
          await end;
          await online(page);
        }
      }
      const end = idle(probe);
      await page.browserContext().close();
      await end;
    }
  }, { seconds: 240 });
}

for (const version of half(VERSIONS)) {
  test(`socket.io ${version}, the tutorial gets its permission after the first call`, async (t) => {
    const relay = await startRelay(t, version);
    const probe = pipeline(t, relay.port);
    await probe.json((l) => l['chat-signalling']?.state === 'connected', 'to be online');
    const page = await joinTutorial(t, await browser('chromium'), relay.url, { late: 8000 });
    await click(page);
    await arrives(probe, page, '', 'audio video');
    await ready(page, 'audio video');
    await click(page);
    await arrives(probe, page, 'audio video', 'audio video');
  }, { seconds: 90 });
}
