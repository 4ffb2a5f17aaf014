// SPDX-License-Identifier: LGPL-2.1-or-later
// Somebody calls: the dialog, the bell and the title.
import { $, paintAvatar, setText } from './dom.js';
import { Ring } from './ring.js';
import { listed } from './words.js';

export class Incoming {
  #ring = new Ring();
  #dialog = $('incoming');
  #title = document.title;

  constructor({ accept, decline }) {
    $('accept').addEventListener('click', accept);
    $('decline').addEventListener('click', decline);
    this.#dialog.addEventListener('cancel', (e) => { e.preventDefault(); decline(); });
  }

  render(phone) {
    const { incoming, calls, users } = phone;
    if (incoming) {
      const others = incoming.members.filter((id) => users.has(id)).map((id) => users.nameOf(id));
      setText($('incoming-name'), incoming.remote.name);
      setText($('incoming-text'), others.length ? `is calling you into a call with ${listed(others)}` : 'is calling you');
      paintAvatar($('incoming-avatar'), incoming.remote.name);
    }
    this.#ring.set(incoming !== null);
    if (incoming && !this.#dialog.open)
      this.#dialog.showModal();
    else if (!incoming && this.#dialog.open)
      this.#dialog.close();
    document.title = incoming ? `${incoming.remote.name} is calling`
      : calls.length ? `${listed(calls.map((call) => call.remote.name))} – ${this.#title}` : this.#title;
  }
}
