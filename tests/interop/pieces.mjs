// SPDX-License-Identifier: LGPL-2.1-or-later
// What the cases with gst-launch-1.0 have in common: media that is cheap and
// can be recognised, somebody at the other end, and waiting for what is printed.
import path from 'node:path';
import { until } from '../support/harness.mjs';
import { Probe, startPipeline } from '../support/servers.mjs';

export const build = path.resolve(process.argv[2] ?? 'build');

export const PIPELINE = { colour: 'blue', argb: '0xff3250eb', hz: 700 };
export const PERSON = { colour: 'red', argb: '0xffeb3232', hz: 500 };

const SIZE = 'video/x-raw,width=320,height=240,framerate=15/1';

export const picture = (who, live = 'is-live=true ') =>
  `videotestsrc ${live}pattern=ball foreground-color=${who.argb} ! ${SIZE}`;
export const sound = (who, live = 'is-live=true ') => `audiotestsrc ${live}freq=${who.hz}`;

// What a gst-launch-1.0 prints, as one text.
export const printed = (child) => [...child.lines, ...child.errors].join('\n');

export function prints(child, pattern, what = String(pattern), ms = 20000) {
  return until(() => {
    const match = pattern.exec(printed(child));
    if (!match && child.ended !== null)
      throw new Error(`it has ended (${child.ended}): ${child.errors.slice(-3).join(' | ')}`);
    return match;
  }, what, ms);
}

export const chatpeer = (port, name, properties = '') =>
  `chatpeer name=peer uri=chat://127.0.0.1:${port} display-name=${name} ${properties} `;

// chatpeer in gst-launch-1.0, with the messages of -m on its output.
export function launch(t, description, { flags = ['-m'], env } = {}) {
  return startPipeline(t, build, description, { flags, env });
}

export const online = (child) =>
  prints(child, /chat-signalling.*state=\(string\)connected/, 'to be online');

// The other end of a call: it sends the person's picture and tone.
export class Person extends Probe {
  constructor(t, port, { name = 'Ann', properties = '', video = true, audio = true, size = SIZE } = {}) {
    super(t, build, chatpeer(port, name, properties)
      + (video ? `videotestsrc is-live=true pattern=ball foreground-color=${PERSON.argb} ! capsfilter name=size caps=${size} ! peer. ` : '')
      + (audio ? `${sound(PERSON)} ! peer. ` : '')
      + 'peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! fakesink name=vcheck sync=false '
      + 'peer. ! queue ! audioconvert ! fakesink name=acheck sync=false');
  }

  online() {
    return this.json((l) => l['chat-signalling']?.state === 'connected', 'to be online');
  }

  call(whom) {
    this.send(`call ${whom}`);
  }

  ends(ms = 20000) {
    return this.next((l) => l['chat-call']?.state === 'idle', 'the end of the call', ms).then((l) => l['chat-call']);
  }

  async hangUp() {
    const end = this.ends();
    this.send('hang-up');
    return end;
  }

  // The first call of a process waits for a key, which takes its time where the
  // machine is busy.
  meets(who, kinds = 'video audio', ms = 45000) {
    return Promise.all([
      kinds.includes('video') && this.next(({ video: v }) => v?.sink === 'vcheck' && v.colour === who.colour && v.moving, `a moving ${who.colour} ball`, ms),
      kinds.includes('audio') && this.next(({ audio: a }) => a?.sink === 'acheck' && a.tone && Math.abs(a.hz - who.hz) < 10, `a tone of ${who.hz} Hz`, ms)]);
  }
}
