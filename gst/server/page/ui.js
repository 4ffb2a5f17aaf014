// SPDX-License-Identifier: LGPL-2.1-or-later
// What is seen, put together. render() may be called at any time, as often as
// one likes.
import { Controls } from './controls.js';
import { $, setText } from './dom.js';
import { Incoming } from './incoming.js';
import { People } from './people.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { Talk } from './talk.js';
import { signalling } from './words.js';

export class Ui {
  #phone;
  #signal;
  #media;
  #people;
  #incoming;
  #stage;
  #controls;
  #talk;
  #settings;
  // The panel over the stage: people (only where there is no room beside it),
  // chat, or none.
  #panel = '';
  #shown = { calls: 0, incoming: null };

  // actions: dial(id), accept(), decline(), hangUp(), endOne(call), say(text),
  // toggle(kind), share(), choose(kind, id), rename(name), retryMedia().
  constructor({ phone, signal, media, name, actions }) {
    this.#phone = phone;
    this.#signal = signal;
    this.#media = media;
    $('name').value = name;
    $('name-form').addEventListener('submit', (e) => { e.preventDefault(); $('name').blur(); });
    $('name').addEventListener('change', () => actions.rename($('name').value));
    $('people-toggle').addEventListener('click', () => this.#show(this.#panel === 'people' ? '' : 'people'));
    this.#people = new People((id) => {
      this.#show('');
      actions.dial(id);
    });
    this.#incoming = new Incoming(actions);
    this.#controls = new Controls(media, actions);
    this.#stage = new Stage({ phone, media, actions: { endOne: actions.endOne, details: () => this.#settings.open() } });
    this.#talk = new Talk({ say: actions.say, onopen: (open) => this.#show(open ? 'chat' : '') });
    this.#settings = new Settings({ phone, media, meter: (call) => this.#stage.meter(call), choose: actions.choose });
    $('local').addEventListener('resize', () => this.render());
  }

  render() {
    const { calls, incoming } = this.#phone;
    if (!calls.length)
      this.#panel = '';
    else if (!this.#shown.calls)
      this.#talk.clear();
    this.#describe();
    setText($('signalling-text'), signalling(this.#signal));
    this.#people.render(this.#phone, this.#signal);
    this.#controls.render(this.#phone);
    this.#stage.render();
    this.#talk.render(this.#phone, this.#panel === 'chat');
    this.#settings.render();
    this.#incoming.render(this.#phone);
    this.#moveFocus();
    this.#shown = { calls: calls.length, incoming };
  }

  setName(name) {
    $('name').value = name;
  }

  setSound(id) {
    this.#stage.setSound(id);
  }

  received(call, text) {
    this.#talk.received(call.remote.name, text);
    this.render();
  }

  #show(panel) {
    this.#panel = panel;
    this.render();
  }

  // For the style sheet, and for who drives the page.
  #describe() {
    const { calls, connected, incoming, last } = this.#phone;
    Object.assign(document.body.dataset, {
      signalling: this.#signal.state,
      ownId: this.#signal.id ?? '',
      state: incoming ? 'ringing' : connected.length ? 'connected' : calls[0]?.state ?? 'idle',
      reason: last?.reason ?? '',
      media: this.#media.state,
      panel: this.#panel,
    });
    $('people-toggle').setAttribute('aria-expanded', String(this.#panel === 'people'));
  }

  // Only when something begins or ends: nobody's focus is taken in between.
  #moveFocus() {
    const before = this.#shown;
    const { calls, incoming, last } = this.#phone;
    if (incoming && !before.incoming)
      $('accept').focus();
    else if (calls.length && !incoming && (before.incoming || !before.calls))
      $('hang-up').focus();
    else if (!calls.length && before.calls)
      (this.#people.of(last?.remote.id ?? '') ?? $('people-title')).focus();
  }
}
