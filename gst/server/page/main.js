// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts the page together. What the address can say:
//   ?name=Ann       our name          ?answer=auto   take every call at once
//   ?call=NAME      whom to call as soon as they are online (name, id or *)
//   ?room=ROOM      a room of its own ?view=only     no camera, no microphone
import { Media } from './media.js';
import { Phone } from './phone.js';
import { Signal } from './signal.js';
import { Ui } from './ui.js';

const params = new URLSearchParams(location.search);

let name = clean(params.get('name')) || clean(remembered()) || invented();

const media = new Media();
const signal = new Signal(() => ({ name, ...(params.get('room') && { room: params.get('room') }) }));
const phone = new Phone(signal, media, () => name);
phone.accept = params.get('answer') === 'auto' ? 'all' : 'ask';
phone.target = params.get('call');

const ui = new Ui({
  phone, signal, media, name,
  actions: {
    dial: (id) => phone.dial(id),
    accept: () => phone.call?.accept(),
    decline: () => phone.call?.decline(),
    hangUp: () => phone.call?.hangUp(),
    toggle: (kind) => media.set(kind, !media.isOn(kind)),
    retryMedia: () => acquire(),
    rename,
  },
});

let renamed = false;
let lock = null;

phone.onchange = () => {
  // The name is part of the handshake; a call in progress is not disturbed for it.
  if (renamed && !phone.call) {
    renamed = false;
    signal.restart();
  }
  keepAwake(Boolean(phone.call));
  ui.render();
};
media.onchange = () => ui.render();

async function acquire() {
  await media.acquire();
  phone.call?.mediaChanged();
}

function rename(text) {
  const chosen = clean(text) || invented();
  ui.setName(chosen);
  if (chosen === name)
    return;
  name = chosen;
  remember(name);
  renamed = true;
  phone.onchange();
}

// A phone that goes dark in a call is no good; where it cannot be, it is not.
async function keepAwake(on) {
  if (on && !lock) {
    lock = navigator.wakeLock?.request('screen').catch(() => null);
  } else if (!on && lock) {
    const held = lock;
    lock = null;
    (await held)?.release();
  }
}

function clean(text) {
  return (text ?? '').replace(/\s+/g, ' ').trim().slice(0, 40);
}

// Storage may be forbidden.
function remembered() {
  try {
    return localStorage.getItem('chat-name');
  } catch {
    return '';
  }
}

function remember(value) {
  try {
    localStorage.setItem('chat-name', value);
  } catch {
    // Then not.
  }
}

function invented() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  const made = `${pick(['Amber', 'Brisk', 'Calm', 'Clever', 'Gentle', 'Happy', 'Jolly', 'Lucky', 'Misty', 'Quiet', 'Sunny', 'Swift'])} `
    + pick(['Badger', 'Beaver', 'Finch', 'Fox', 'Hare', 'Heron', 'Lynx', 'Marten', 'Otter', 'Owl', 'Robin', 'Seal']);
  remember(made);
  return made;
}

// A page that is left says good-bye first.
addEventListener('pagehide', () => phone.call?.hangUp());

ui.render();
signal.open();
if (params.get('view') !== 'only')
  acquire();
