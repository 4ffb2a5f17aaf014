// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of text to and from those in the call.
import { $, label, setText } from './dom.js';

const MOST_LINES = 200;
const LONGEST_LINE = 4000;

export class Talk {
  #log = $('talk-log');
  #unread = 0;
  #open = false;

  // say (text) sends it; onopen (open): the panel opens or closes.
  constructor({ say, onopen }) {
    $('talk-form').addEventListener('submit', (e) => {
      e.preventDefault();
      const text = $('talk-text').value.trim();
      if (!text)
        return;
      $('talk-text').value = '';
      say(text);
      this.#add('You', text, true);
    });
    $('talk-toggle').addEventListener('click', () => onopen(!this.#open));
    $('talk').addEventListener('keydown', (e) => {
      if (e.key !== 'Escape')
        return;
      onopen(false);
      $('talk-toggle').focus();
    });
  }

  received(name, text) {
    const line = text.slice(0, LONGEST_LINE);
    this.#add(name, line, false);
    if (this.#open)
      return;
    this.#unread++;
    // The log is not there for who cannot see it.
    setText($('announce'), `${name} writes: ${line}`);
  }

  clear() {
    this.#log.replaceChildren();
    this.#unread = 0;
    setText($('announce'), '');
  }

  render({ relays, connected, calls }, open) {
    $('talk-toggle').hidden = !relays || !connected.length;
    const opened = open && calls.length > 0;
    if (opened !== this.#open) {
      this.#open = opened;
      $('talk').hidden = !opened;
      if (opened)
        $('talk-text').focus();
    }
    if (opened)
      this.#unread = 0;
    const { dataset } = $('talk-toggle');
    dataset.unread = this.#unread ? String(Math.min(this.#unread, 99)) : '';
    $('talk-toggle').setAttribute('aria-expanded', String(opened));
    label($('talk-toggle'), this.#unread ? `Chat, ${this.#unread} new` : 'Chat');
    $('talk-empty').hidden = this.#log.childElementCount > 0;
  }

  #add(name, text, own) {
    const line = document.createElement('div');
    line.className = own ? 'line own' : 'line';
    const who = document.createElement('b');
    setText(who, name);
    const what = document.createElement('p');
    setText(what, text);
    line.append(who, what);
    this.#log.append(line);
    while (this.#log.childElementCount > MOST_LINES)
      this.#log.firstElementChild.remove();
    $('talk-empty').hidden = true;
    $('talk-scroll').scrollTop = $('talk-scroll').scrollHeight;
  }
}
