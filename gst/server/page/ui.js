// SPDX-License-Identifier: LGPL-2.1-or-later
// What is seen. render() may be called at any time, as often as one likes.
import { Ring } from './ring.js';

const $ = (id) => document.getElementById(id);

const SIGNALLING = {
  connecting: 'Connecting to the server…',
  connected: 'Online',
  reconnecting: 'No server: trying again…',
  disconnected: 'Offline',
};

export class Ui {
  #phone;
  #signal;
  #media;
  #shown = { call: null, state: 'idle' };
  #tick = 0;
  #ring = new Ring();
  #title = document.title;

  // actions: dial(id), accept(), decline(), hangUp(), toggle(kind),
  // rename(name), retryMedia().
  constructor({ phone, signal, media, name, actions }) {
    this.#phone = phone;
    this.#signal = signal;
    this.#media = media;
    $('name').value = name;
    $('local').srcObject = media.stream;
    this.#listen(actions);
  }

  #listen(actions) {
    $('users').addEventListener('click', (e) => {
      const button = e.target.closest('button[data-user-id]');
      if (button && button.getAttribute('aria-disabled') !== 'true')
        actions.dial(button.dataset.userId);
    });
    $('accept').addEventListener('click', () => actions.accept());
    $('decline').addEventListener('click', () => actions.decline());
    $('incoming').addEventListener('cancel', (e) => { e.preventDefault(); actions.decline(); });
    $('hang-up').addEventListener('click', () => actions.hangUp());
    $('mute').addEventListener('click', () => actions.toggle('audio'));
    $('camera').addEventListener('click', () => actions.toggle('video'));
    $('media-retry').addEventListener('click', () => actions.retryMedia());
    $('name-form').addEventListener('submit', (e) => { e.preventDefault(); $('name').blur(); });
    $('name').addEventListener('change', () => actions.rename($('name').value));
    $('unmute').addEventListener('click', () => { $('remote').muted = false; this.#play(); });
    for (const event of ['loadedmetadata', 'resize', 'emptied', 'playing'])
      $('remote').addEventListener(event, () => this.render());
    $('local').addEventListener('resize', () => this.render());
  }

  render() {
    const { call } = this.#phone;
    const state = call?.state ?? 'idle';
    const body = document.body.dataset;
    body.signalling = this.#signal.state;
    body.ownId = this.#signal.id ?? '';
    body.state = state;
    body.remoteId = call?.remote.id ?? '';
    body.reason = this.#phone.last?.reason ?? '';
    body.media = this.#media.state;
    setText($('signalling-text'), SIGNALLING[this.#signal.state]);
    this.#renderUsers();
    this.#renderMedia();
    this.#renderStage(call, state);
    this.#renderIncoming(call, state);
    this.#moveFocus(call, state);
    this.#shown = { call, state };
  }

  setName(name) {
    $('name').value = name;
  }

  // ---- parts ----

  #renderUsers() {
    const list = $('users');
    const { users, call } = this.#phone;
    for (const button of list.querySelectorAll('button')) {
      if (!users.has(button.dataset.userId))
        button.parentElement.remove();
    }
    for (const id of users.keys()) {
      const name = this.#phone.nameOf(id);
      const button = list.querySelector(`button[data-user-id="${CSS.escape(id)}"]`) ?? newUser(list, id);
      // Stays in the tab order: one can look who is there during a call.
      button.setAttribute('aria-disabled', String(Boolean(call)));
      button.setAttribute('aria-current', String(call?.remote.id === id));
      button.dataset.userName = name;
      setText(button.querySelector('.user-name'), name);
      paintAvatar(button.querySelector('.avatar'), name);
    }
    setText($('count'), String(users.size));
    $('users-empty').hidden = users.size > 0 || this.#signal.state !== 'connected';
    $('users-offline').hidden = this.#signal.state === 'connected';
    setText($('users-offline'), SIGNALLING[this.#signal.state]);
  }

  #renderMedia() {
    const media = this.#media;
    $('media-note').hidden = !media.note;
    setText($('media-note-text'), media.note);
    $('media-retry').hidden = !media.retry;
    toggle($('mute'), media.track('audio'), !media.isOn('audio'),
      { on: 'Unmute microphone', off: 'Mute microphone', none: 'No microphone' });
    toggle($('camera'), media.track('video'), !media.isOn('video'),
      { on: 'Turn camera on', off: 'Turn camera off', none: 'No camera' });
    setText($('self-off'), media.track('video') ? 'Your camera is off' : media.state === 'asking' ? 'Waiting for your camera…' : 'No camera');
    document.body.dataset.localVideo = media.track('video') && media.isOn('video') ? 'yes' : 'no';
    const local = $('local');
    // A stream that was empty when it was attached does not start by itself everywhere.
    if (media.track('video') && local.paused)
      local.play().catch(() => {});
  }

  #renderStage(call, state) {
    const remote = $('remote');
    const stream = call && state !== 'ending' ? call.stream : null;
    if (remote.srcObject !== stream) {
      remote.srcObject = stream;
      remote.muted = false;
      $('unmute').hidden = true;
    }
    if (stream?.getTracks().length && remote.paused)
      this.#play();
    const track = stream?.getVideoTracks()[0];
    const seen = Boolean(track && !track.muted && remote.videoWidth > 0);
    document.body.dataset.remoteVideo = seen ? 'yes' : 'no';
    const who = call?.remote ?? this.#phone.last?.remote;
    if (call) {
      paintAvatar($('poster-avatar'), call.remote.name);
      setText($('poster-name'), call.remote.name);
    }
    const words = this.#words(call, state, who);
    setText($('status'), words);
    const blank = state === 'connected' && !call.weak;
    setText($('poster-text'), !call || (blank && track && !track.muted) ? '' : blank ? 'No picture' : words);
    clearInterval(this.#tick);
    $('duration').hidden = state !== 'connected';
    if (state === 'connected') {
      const show = () => setText($('duration'), minutes(Date.now() - call.since));
      show();
      this.#tick = setInterval(show, 1000);
    }
  }

  #renderIncoming(call, state) {
    const dialog = $('incoming');
    const rings = state === 'ringing' && call.role === 'callee';
    if (rings) {
      setText($('incoming-name'), call.remote.name);
      paintAvatar($('incoming-avatar'), call.remote.name);
    }
    this.#ring.set(rings);
    if (rings && !dialog.open)
      dialog.showModal();
    else if (!rings && dialog.open)
      dialog.close();
    document.title = rings ? `${call.remote.name} is calling` : call ? `${call.remote.name} – ${this.#title}` : this.#title;
  }

  // Only when something begins or ends: nobody's focus is taken in between.
  #moveFocus(call, state) {
    const before = this.#shown;
    if (state === 'ringing' && call.role === 'callee' && before.state !== 'ringing')
      $('accept').focus();
    else if (['calling', 'connecting'].includes(state) && !['calling', 'ringing', 'connecting'].includes(before.state))
      $('hang-up').focus();
    else if (state === 'connecting' && before.state === 'ringing')
      $('hang-up').focus();
    else if (state === 'idle' && before.state !== 'idle')
      ($('users').querySelector(`button[data-user-id="${CSS.escape(this.#phone.last?.remote.id ?? '')}"]`)
        ?? $('people-title')).focus();
  }

  #words(call, state, who) {
    if (call?.weak)
      return `The connection to ${who.name} is interrupted…`;
    switch (state) {
      case 'calling': return this.#media.state === 'asking' ? 'Waiting for your camera and microphone…' : `Calling ${who.name}…`;
      case 'ringing': return call.role === 'caller' ? `Ringing at ${who.name}…` : `${who.name} is calling`;
      case 'connecting': return `Connecting to ${who.name}…`;
      case 'connected': return `In a call with ${who.name}`;
      default:
        if (this.#phone.last)
          return ended(this.#phone.last);
        return this.#phone.users.size ? 'Pick somebody to call.' : 'Nobody to call yet.';
    }
  }

  // A browser may refuse sound without a gesture: then the picture alone, and
  // a button for the sound.
  async #play() {
    const remote = $('remote');
    try {
      await remote.play();
      if (!remote.muted)
        $('unmute').hidden = true;
    } catch (error) {
      if (error.name !== 'NotAllowedError' || remote.muted)
        return;
      remote.muted = true;
      $('unmute').hidden = false;
      $('unmute').focus();
      await remote.play().catch(() => {});
    }
  }
}

function ended({ role, reason, by, remote: { name }, since }) {
  const own = by === 'local';
  switch (reason) {
    case 'hung-up': return own ? `Call with ${name} ended.` : `${name} hung up.`;
    case 'declined': return own ? `You declined the call from ${name}.` : `${name} declined.`;
    case 'busy': return `${name} is in another call.`;
    case 'no-answer': return role === 'caller' ? `${name} did not answer.` : `You missed a call from ${name}.`;
    case 'cancelled': return own ? 'Call cancelled.' : `You missed a call from ${name}.`;
    case 'lost': return since ? `The connection to ${name} was lost.` : 'The connection to the server was lost.';
    case 'gone': return `${name} has left.`;
    default: return `No connection to ${name} could be made.`;
  }
}

function newUser(list, id) {
  const item = $('user-template').content.firstElementChild.cloneNode(true);
  const button = item.querySelector('button');
  button.dataset.userId = id;
  list.append(item);
  return button;
}

function paintAvatar(element, name) {
  const initials = name.split(/\s+/).filter(Boolean).slice(0, 2).map((w) => [...w][0].toUpperCase()).join('');
  setText(element, initials || '?');
  const hue = [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);
  element.style.setProperty('--hue', String(hue));
}

function toggle(button, present, pressed, words) {
  button.disabled = !present;
  button.setAttribute('aria-pressed', String(Boolean(present) && pressed));
  const label = !present ? words.none : pressed ? words.on : words.off;
  button.setAttribute('aria-label', label);
  button.title = label;
}

// Live regions speak on every change, also on one to the same text.
function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

function minutes(ms) {
  const s = Math.floor(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}
