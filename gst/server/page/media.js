// SPDX-License-Identifier: LGPL-2.1-or-later
// Camera and microphone: asked for once, both or what there is. What is
// missing is said in one sentence.

const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
};
const KINDS = ['audio', 'video'];
const DEVICE = { audio: 'microphone', video: 'camera' };

export class Media {
  // off, asking, ready; ready says nothing about how much there is
  state = 'off';
  stream = new MediaStream();
  // What is missing and why, or ''. retry: whether asking again may help.
  note = '';
  retry = false;

  onchange = () => {};

  #missing = {};
  #on = { audio: true, video: true };
  #asking = null;

  constructor() {
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.#devicesChanged());
  }

  track(kind) {
    return this.stream.getTracks().find((t) => t.kind === kind) ?? null;
  }

  isOn(kind) {
    return this.#on[kind];
  }

  // A track that is off sends silence or black: the call goes on.
  set(kind, on) {
    this.#on[kind] = on;
    const track = this.track(kind);
    if (track)
      track.enabled = on;
    this.onchange();
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
    }
    [this.note, this.retry] = explain(this.#missing);
    this.#become('ready');
  }

  // What is known to be refused is not asked for: it would take the other
  // kind with it.
  async #notDenied(kinds) {
    const allowed = [];
    for (const kind of kinds) {
      const status = await navigator.permissions?.query({ name: DEVICE[kind] }).catch(() => null);
      if (status?.state === 'denied')
        this.#missing[kind] = 'NotAllowedError';
      else
        allowed.push(kind);
    }
    return allowed;
  }

  async #ask(kinds) {
    try {
      const got = await navigator.mediaDevices.getUserMedia(
        Object.fromEntries(kinds.map((kind) => [kind, WANTED[kind]])));
      for (const track of got.getTracks()) {
        delete this.#missing[track.kind];
        track.enabled = this.#on[track.kind];
        track.onended = () => this.#lost(track);
        this.stream.addTrack(track);
      }
      return true;
    } catch (error) {
      for (const kind of kinds)
        this.#missing[kind] = error.name;
      return false;
    }
  }

  #lost(track) {
    this.stream.removeTrack(track);
    this.#missing[track.kind] = 'Unplugged';
    [this.note, this.retry] = explain(this.#missing);
    this.onchange();
  }

  async #devicesChanged() {
    const absent = KINDS.filter((kind) => ['NotFoundError', 'Unplugged'].includes(this.#missing[kind]));
    if (!absent.length)
      return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (absent.some((kind) => devices.some((d) => d.kind === `${kind}input`)))
      await this.acquire();
  }

  #become(state) {
    this.state = state;
    this.onchange();
  }
}

const WHY = {
  InsecureContext: ['the page needs HTTPS or localhost for it', false],
  NotAllowedError: ['this page has no permission for it', true],
  NotFoundError: ['none was found', true],
  NotReadableError: ['another program is using it', true],
  Unplugged: ['it was unplugged', true],
};

// One sentence for {kind: name of the error}, and whether trying again may help.
function explain(missing) {
  const kinds = KINDS.filter((kind) => missing[kind]);
  if (!kinds.length)
    return ['', false];
  const why = (kind) => WHY[missing[kind]] ?? ['it could not be started', true];
  const retry = kinds.some((kind) => why(kind)[1]);
  const same = kinds.length === 2 && missing.audio === missing.video;
  if (same)
    return [`No camera or microphone: ${why('audio')[0].replace(/\bit\b/, 'them')}. You can still watch and listen.`, retry];
  if (kinds.length === 2)
    return [`No camera (${why('video')[0]}) and no microphone (${why('audio')[0]}). You can still watch and listen.`, retry];
  const [kind] = kinds;
  const effect = kind === 'video' ? 'Others hear you but do not see you.' : 'Others see you but do not hear you.';
  return [`No ${DEVICE[kind]}: ${why(kind)[0]}. ${effect}`, retry];
}
