// SPDX-License-Identifier: LGPL-2.1-or-later
// Oneself: the own picture, and the buttons for what one sends.
import { $, label, press, setText } from './dom.js';

export class Controls {
  #media;

  // actions: toggle(kind), share(), retryMedia(), hangUp().
  constructor(media, actions) {
    this.#media = media;
    $('mute').addEventListener('click', () => actions.toggle('audio'));
    $('camera').addEventListener('click', () => actions.toggle('video'));
    for (const id of ['share', 'share-more'])
      $(id).addEventListener('click', () => actions.share());
    $('media-retry').addEventListener('click', () => actions.retryMedia());
    $('hang-up').addEventListener('click', () => actions.hangUp());
    // One button shows what it does, the other says it.
    for (const id of ['share', 'share-more'])
      $(id).hidden = !media.canShare;
  }

  render(phone) {
    const media = this.#media;
    $('media-note').hidden = !media.note;
    setText($('media-note-text'), media.note);
    $('media-retry').hidden = !media.retry;
    toggle($('mute'), media.track('audio'), !media.isOn('audio'),
      { on: 'Unmute microphone', off: 'Mute microphone', none: 'No microphone' });
    toggle($('camera'), media.track('video'), !media.isOn('video'),
      { on: 'Turn camera on', off: 'Turn camera off', none: 'No camera' });
    const share = media.sharing ? 'Stop sharing your screen' : 'Share your screen';
    press($('share'), media.sharing, share);
    setText($('share-more-text'), share);
    label($('hang-up'), phone.calls.length > 1 ? 'Leave the call' : 'Hang up');
    setText($('self-off'), media.track('video') ? 'Your camera is off' : media.state === 'asking' ? 'Waiting for your camera…' : 'No camera');
    document.body.dataset.localVideo = media.sends('video') ? 'yes' : 'no';
    document.body.dataset.sharing = media.sharing ? 'yes' : 'no';
    // The browser says that the page is still loading while an element waits for
    // the first picture of a stream.
    if (media.outgoing('video')) {
      if (!$('local').srcObject)
        $('local').srcObject = media.preview;
      // One that was empty once does not start by itself everywhere.
      if ($('local').paused)
        $('local').play().catch(() => {});
    }
  }
}

function toggle(button, present, pressed, words) {
  button.disabled = !present;
  press(button, Boolean(present) && pressed, !present ? words.none : pressed ? words.on : words.off);
}
