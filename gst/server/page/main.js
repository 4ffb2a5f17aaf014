// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts the page together. What the address can say:
//   ?name=Ann       our name          ?answer=auto   take every call at once
//   ?call=NAME      whom to call as soon as they are online (name, id or *)
//   ?room=ROOM      a room of its own ?view=only     no camera, no microphone
//   ?token=TOKEN    for a server that wants one
import { Media } from './media.js';
import { chosenName, firstName } from './names.js';
import { Phone } from './phone.js';
import { Signal } from './signal.js';
import { Ui } from './ui.js';

const params = new URLSearchParams(location.search);

let name = firstName(params.get('name'));

const media = new Media();
const given = Object.fromEntries(['room', 'token'].filter((key) => params.get(key)).map((key) => [key, params.get(key)]));
const signal = new Signal(() => ({ name, ...given }));
const phone = new Phone(signal, media, () => name);
phone.accept = params.get('answer') === 'auto' ? 'all' : 'ask';
phone.target = params.get('call');

const ui = new Ui({
  phone, signal, media, name,
  actions: {
    dial: (id) => phone.dial(id),
    accept: () => phone.answer(),
    decline: () => phone.decline(),
    hangUp: () => phone.hangUp(),
    endOne: (call) => call.hangUp(),
    say: (text) => phone.say(text),
    toggle: (kind) => media.set(kind, !media.isOn(kind)),
    share: () => (media.sharing ? media.unshare() : media.share()),
    choose,
    retryMedia: () => media.acquire(),
    rename,
  },
});

let renamed = false;
let lock = null;

phone.onchange = () => {
  const busy = phone.calls.length > 0;
  // The name is part of the handshake; a call in progress is not disturbed for it.
  if (renamed && !busy) {
    renamed = false;
    signal.restart();
  }
  // A shared screen is for this call alone.
  if (!busy)
    media.unshare();
  keepAwake(busy);
  ui.render();
};
phone.ontext = (call, text) => ui.received(call, text);
media.onchange = () => ui.render();
media.onoutgoing = () => phone.mediaChanged();

function choose(kind, id) {
  if (kind !== 'sound') {
    media.choose(kind, id);
    return;
  }
  media.devices.choose(kind, id);
  ui.setSound(id);
}

function rename(text) {
  const chosen = chosenName(text);
  ui.setName(chosen);
  if (chosen === name)
    return;
  name = chosen;
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

// A page that is left says good-bye first.
addEventListener('pagehide', () => phone.hangUp());

ui.render();
signal.open();
if (params.get('view') !== 'only')
  media.acquire();
