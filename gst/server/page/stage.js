// SPDX-License-Identifier: LGPL-2.1-or-later
// The remotes in their grid, and in words what goes on.
import { $, setText } from './dom.js';
import { Tile } from './tile.js';
import { ended, listed, minutes, progress } from './words.js';

// How long it is said that one of several has left, in ms.
const NEWS_TIME = 6000;
const METER_TIME = 2000;

export class Stage {
  // call → Tile
  #tiles = new Map();
  #actions;
  #phone;
  #media;
  #tick = 0;

  // actions: endOne(call), details(call).
  constructor({ phone, media, actions }) {
    this.#phone = phone;
    this.#media = media;
    this.#actions = actions;
    $('unmute').addEventListener('click', () => {
      $('unmute').hidden = true;
      this.#tiles.forEach((tile) => tile.unmute());
    });
    setInterval(() => this.#read(), METER_TIME);
  }

  // Figures of a call, or null.
  meter(call) {
    return this.#tiles.get(call)?.meter ?? null;
  }

  render() {
    const { calls } = this.#phone;
    for (const [call, tile] of this.#tiles) {
      if (!calls.includes(call))
        this.#remove(call, tile);
    }
    for (const call of calls)
      (this.#tiles.get(call) ?? this.#add(call)).render();
    // Oneself is one of the grid where there are several.
    document.body.dataset.people = String(calls.length + 1);
    setText($('status'), this.#words());
    this.#renderDuration();
  }

  setSound(id) {
    this.#tiles.forEach((tile) => tile.setSound(id));
  }

  #add(call) {
    const tile = new Tile(call, { end: this.#actions.endOne, details: this.#actions.details });
    tile.onrefused = () => {
      $('unmute').hidden = false;
      $('unmute').focus();
    };
    tile.setSound(this.#media.devices.chosen('sound'));
    this.#tiles.set(call, tile);
    $('tiles').append(tile.element);
    return tile;
  }

  #remove(call, tile) {
    this.#tiles.delete(call);
    tile.remove();
    if (!this.#tiles.size)
      $('unmute').hidden = true;
    else
      // What was said about it is said no more.
      setTimeout(() => setText($('status'), this.#words()), NEWS_TIME);
  }

  #read() {
    for (const tile of this.#tiles.values())
      tile.meter.read().then(() => tile.renderQuality());
  }

  #renderDuration() {
    const { connected } = this.#phone;
    clearInterval(this.#tick);
    $('duration').hidden = !connected.length;
    if (!connected.length)
      return;
    const since = Math.min(...connected.map((call) => call.since));
    const show = () => setText($('duration'), minutes(Date.now() - since));
    show();
    this.#tick = setInterval(show, 1000);
  }

  #words() {
    const { calls, connected, last, users } = this.#phone;
    const asking = this.#media.state === 'asking';
    const begun = calls.map((call) => progress(call, asking)).find(Boolean);
    if (begun)
      return begun;
    if (last && (!calls.length || Date.now() - last.at < NEWS_TIME))
      return ended(last);
    if (connected.length)
      return `In a call with ${listed(connected.map((call) => call.remote.name))}`;
    return users.size ? 'Pick somebody to call.' : 'Nobody to call yet.';
  }
}
