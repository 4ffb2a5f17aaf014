// SPDX-License-Identifier: LGPL-2.1-or-later
// One remote on the stage: the picture, or who it is; what they have off; how
// good the connection is.
import { fromTemplate, label, paintAvatar, setText } from './dom.js';
import { Meter, WORDS } from './quality.js';
import { progress } from './words.js';

export class Tile {
  element = fromTemplate('tile-template');
  meter;
  // The browser refuses sound before the user has touched the page.
  onrefused = () => {};

  #call;
  #video = this.element.querySelector('video');

  // actions: end(call), details(call).
  constructor(call, actions) {
    this.#call = call;
    this.meter = new Meter(call);
    this.#find('.tile-end').addEventListener('click', () => actions.end(call));
    this.#find('.quality').addEventListener('click', () => actions.details(call));
    for (const event of ['loadedmetadata', 'resize', 'emptied', 'playing'])
      this.#video.addEventListener(event, () => this.render());
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  render() {
    const call = this.#call;
    const { name } = call.remote;
    const video = this.#video;
    // A remote that begins anew has the same stream with other tracks.
    if (video.srcObject !== call.stream)
      video.srcObject = call.stream;
    if (call.stream.getTracks().length && video.paused)
      this.play();
    const [track] = call.stream.getVideoTracks();
    const comes = Boolean(track) && !track.muted && call.theirMedia.video;
    const data = this.element.dataset;
    Object.assign(data, { name, state: call.state, remoteId: call.remote.id,
      video: comes && video.videoWidth > 0 ? 'yes' : 'no',
      screen: call.theirMedia.screen ? 'yes' : 'no',
      muted: call.state === 'connected' && !call.theirMedia.audio ? 'yes' : 'no' });
    this.element.setAttribute('aria-label', name);
    paintAvatar(this.#find('.avatar'), name);
    setText(this.#find('.poster-name'), name);
    setText(this.#find('.tile-name'), name);
    setText(this.#find('.poster-text'), call.state !== 'connected' || call.weak ? progress(call, false)
      : comes ? '' : call.theirMedia.video ? 'No picture' : 'Camera is off');
    label(this.#find('.tile-muted'), `${name} has the microphone off`);
    label(this.#find('.tile-end'), `End the call with ${name}`);
    this.renderQuality();
  }

  renderQuality() {
    const { grade } = this.meter;
    const button = this.#find('.quality');
    button.hidden = this.#call.state !== 'connected' || !grade;
    button.dataset.grade = grade;
    if (button.hidden)
      return;
    setText(button.querySelector('.quality-word'), WORDS[grade]);
    label(button, `${WORDS[grade]} to ${this.#call.remote.name}: details`);
  }

  async play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== 'NotAllowedError' || this.#video.muted)
        return;
      // The picture alone may play.
      this.#video.muted = true;
      this.onrefused();
      await this.#video.play().catch(() => {});
    }
  }

  unmute() {
    this.#video.muted = false;
    this.play();
  }

  // Where the browser can choose; the default one where that is gone.
  setSound(id) {
    if (id !== this.#video.sinkId)
      this.#video.setSinkId?.(id).catch(() => this.#video.setSinkId('').catch(() => {}));
  }

  remove() {
    this.#video.srcObject = null;
    this.element.remove();
  }
}
