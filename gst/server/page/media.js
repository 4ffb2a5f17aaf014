// SPDX-License-Identifier: LGPL-2.1-or-later
// Camera and microphone: asked for once, both or what there is; and the
// screen, which takes the camera's place while it is shared.
import { Devices } from './devices.js';
import { explain } from './media-words.js';

const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
};
const KINDS = ['audio', 'video'];
const PERMISSION = { audio: 'microphone', video: 'camera' };

export class Media {
  // off, asking, ready; ready says nothing about how much there is
  state = 'off';
  // Camera and microphone.
  stream = new MediaStream();
  // What others see of us.
  preview = new MediaStream();
  devices = new Devices();
  // What is missing and why, or ''. retry: whether asking again may help.
  note = '';
  retry = false;

  onchange = () => {};
  // Another track is to be sent, or what is sent was switched on or off.
  onoutgoing = () => {};

  #missing = {};
  #on = { audio: true, video: true };
  #asking = null;
  #screen = null;

  constructor() {
    this.devices.onchange = () => this.#devicesChanged();
  }

  track(kind) {
    return this.stream.getTracks().find((t) => t.kind === kind) ?? null;
  }

  outgoing(kind) {
    return (kind === 'video' && this.#screen) || this.track(kind);
  }

  isOn(kind) {
    return this.#on[kind];
  }

  // Whether there is something to see or hear.
  sends(kind) {
    return Boolean((kind === 'video' && this.#screen) || (this.track(kind) && this.#on[kind]));
  }

  get sharing() {
    return this.#screen !== null;
  }

  get canShare() {
    return Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  // A track that is off sends silence or black: the call goes on.
  set(kind, on) {
    this.#on[kind] = on;
    const track = this.track(kind);
    if (track)
      track.enabled = on;
    this.#changed();
  }

  // Asks for what is not there yet. Never rejects.
  acquire() {
    this.#asking ??= this.#acquire().finally(() => { this.#asking = null; });
    return this.#asking;
  }

  // Resolves when the user has answered, at the latest after ms.
  settled(ms) {
    return Promise.race([this.#asking, new Promise((resolve) => setTimeout(resolve, ms))]);
  }

  // Takes another camera or microphone; where it cannot be had, the one before stays.
  async choose(kind, id) {
    try {
      const [track] = (await navigator.mediaDevices.getUserMedia({ [kind]: { ...WANTED[kind], deviceId: { exact: id } } })).getTracks();
      this.devices.choose(kind, id);
      this.#take(track);
    } catch (error) {
      console.info(`${kind}:`, error.message);
    }
    this.#explain();
    this.#changed();
  }

  // The id of what is used.
  used(kind) {
    return this.track(kind)?.getSettings().deviceId ?? '';
  }

  async share() {
    if (this.#screen)
      return;
    try {
      const [track] = (await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } })).getVideoTracks();
      // Text is to stay readable.
      track.contentHint = 'detail';
      // The browser has a button of its own to stop it.
      track.onended = () => this.unshare();
      this.#screen = track;
      this.#changed();
    } catch (error) {
      // The user has thought better of it.
      console.info('screen:', error.message);
    }
  }

  unshare() {
    const track = this.#screen;
    if (!track)
      return;
    track.onended = null;
    track.stop();
    this.#screen = null;
    this.#changed();
  }

  async #acquire() {
    this.#missing = {};
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#missing = { audio: 'InsecureContext', video: 'InsecureContext' };
    } else {
      this.#become('asking');
      const wanted = await this.#notDenied(KINDS.filter((kind) => !this.track(kind)));
      if (wanted.length > 1 && !await this.#ask(wanted)) {
        // One missing device fails both: each for itself, unless the user said no.
        if (!Object.values(this.#missing).includes('NotAllowedError')) {
          for (const kind of wanted)
            await this.#ask([kind]);
        }
      } else if (wanted.length === 1) {
        await this.#ask(wanted);
      }
      await this.devices.refresh();
    }
    this.#explain();
    this.state = 'ready';
    this.#changed();
  }

  // What is known to be refused is not asked for: it would take the other
  // kind with it.
  async #notDenied(kinds) {
    const allowed = [];
    for (const kind of kinds) {
      const status = await navigator.permissions?.query({ name: PERMISSION[kind] }).catch(() => null);
      if (status?.state === 'denied')
        this.#missing[kind] = 'NotAllowedError';
      else
        allowed.push(kind);
    }
    return allowed;
  }

  async #ask(kinds) {
    const wanted = (kind) => {
      const id = this.devices.chosen(kind);
      return [kind, { ...WANTED[kind], ...(id && { deviceId: { ideal: id } }) }];
    };
    try {
      const got = await navigator.mediaDevices.getUserMedia(Object.fromEntries(kinds.map(wanted)));
      got.getTracks().forEach((track) => this.#take(track));
      return true;
    } catch (error) {
      for (const kind of kinds)
        this.#missing[kind] = error.name;
      return false;
    }
  }

  #take(track) {
    const before = this.track(track.kind);
    if (before) {
      this.stream.removeTrack(before);
      before.onended = null;
      before.stop();
    }
    delete this.#missing[track.kind];
    track.enabled = this.#on[track.kind];
    track.onended = () => this.#lost(track);
    this.stream.addTrack(track);
  }

  #lost(track) {
    this.stream.removeTrack(track);
    this.#missing[track.kind] = 'Unplugged';
    this.#explain();
    this.#changed();
    // There may be another one.
    this.#devicesChanged();
  }

  async #devicesChanged() {
    await this.devices.refresh();
    const absent = KINDS.filter((kind) => ['NotFoundError', 'Unplugged'].includes(this.#missing[kind]));
    if (absent.some((kind) => this.devices.has(kind)))
      await this.acquire();
    else
      this.onchange();
  }

  #explain() {
    [this.note, this.retry] = explain(this.#missing);
  }

  #changed() {
    const [shown] = this.preview.getTracks();
    const now = this.outgoing('video');
    if (shown !== now) {
      if (shown)
        this.preview.removeTrack(shown);
      if (now)
        this.preview.addTrack(now);
    }
    this.onchange();
    this.onoutgoing();
  }

  #become(state) {
    this.state = state;
    this.onchange();
  }
}
