// SPDX-License-Identifier: LGPL-2.1-or-later
// The dialog with the choice of devices and the details of each connection.
import { $, fromTemplate, setText } from './dom.js';
import { WORDS, details } from './quality.js';

const KINDS = ['audio', 'video', 'sound'];
const canChooseSound = 'setSinkId' in HTMLMediaElement.prototype;

export class Settings {
  #dialog = $('settings');
  #media;
  #phone;
  #meter;
  #tick = 0;

  // meter (call) gives its figures; choose (kind, id).
  constructor({ phone, media, meter, choose }) {
    this.#phone = phone;
    this.#media = media;
    this.#meter = meter;
    $('settings-open').addEventListener('click', () => this.open());
    $('settings-close').addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => clearInterval(this.#tick));
    // A click beside it closes it.
    this.#dialog.addEventListener('click', (e) => { if (e.target === this.#dialog) this.#dialog.close(); });
    for (const kind of KINDS)
      $(`device-${kind}`).addEventListener('change', (e) => choose(kind, e.target.value));
  }

  async open() {
    if (this.#dialog.open)
      return;
    this.#dialog.showModal();
    this.#tick = setInterval(() => this.#read(), 1000);
    this.#read();
    await this.#media.devices.refresh();
    this.render();
  }

  render() {
    if (!this.#dialog.open)
      return;
    for (const kind of KINDS)
      this.#renderChoice(kind);
    this.#renderDetails();
  }

  #renderChoice(kind) {
    const { devices } = this.#media;
    const list = devices.lists[kind];
    const select = $(`device-${kind}`);
    const offers = kind === 'sound' ? canChooseSound && list.length > 0 : Boolean(navigator.mediaDevices);
    $(`device-${kind}-row`).hidden = !offers;
    select.disabled = !list.length;
    const options = list.length ? list : [{ id: '', label: 'None found' }];
    const same = select.options.length === options.length
      && options.every(({ id, label }, n) => select.options[n].value === id && select.options[n].text === label);
    if (!same)
      select.replaceChildren(...options.map(({ id, label }) => new Option(label, id)));
    const used = kind === 'sound' ? devices.chosen('sound') : this.#media.used(kind);
    if (options.some(({ id }) => id === used) && select.value !== used)
      select.value = used;
  }

  async #read() {
    await Promise.all(this.#phone.connected.map((call) => this.#meter(call)?.read()));
    if (this.#dialog.open)
      this.#renderDetails();
  }

  #renderDetails() {
    const shown = this.#phone.connected.filter((call) => this.#meter(call)?.figures);
    $('details-none').hidden = shown.length > 0;
    const parts = $('details').children;
    while (parts.length > shown.length)
      parts[parts.length - 1].remove();
    while (parts.length < shown.length)
      $('details').append(fromTemplate('details-template'));
    shown.forEach((call, n) => fill(parts[n], call.remote.name, this.#meter(call)));
  }
}

function fill(part, name, { grade, figures }) {
  setText(part.querySelector('h4'), `${name}: ${WORDS[grade].toLowerCase()}`);
  const list = part.querySelector('dl');
  const rows = details(figures);
  if (list.childElementCount !== rows.length * 2)
    list.replaceChildren(...rows.flatMap(() => [document.createElement('dt'), document.createElement('dd')]));
  rows.forEach(([key, value], n) => {
    setText(list.children[2 * n], key);
    setText(list.children[2 * n + 1], value);
  });
}
