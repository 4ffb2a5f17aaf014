// SPDX-License-Identifier: LGPL-2.1-or-later
// The list of who is online: a click calls, or adds to the call.
import { $, fromTemplate, paintAvatar, setText } from './dom.js';
import { signalling } from './words.js';

export class People {
  #list = $('users');

  constructor(dial) {
    this.#list.addEventListener('click', (e) => {
      const button = e.target.closest('button[data-user-id]');
      if (button && button.getAttribute('aria-disabled') !== 'true')
        dial(button.dataset.userId);
    });
  }

  render(phone, signal) {
    const { users } = phone;
    for (const button of this.#list.querySelectorAll('button')) {
      if (!users.has(button.dataset.userId))
        button.parentElement.remove();
    }
    for (const id of users.ids)
      this.#renderUser(id, phone);
    setText($('count'), String(users.size));
    $('users-empty').hidden = users.size > 0 || signal.state !== 'connected';
    $('users-offline').hidden = signal.state === 'connected';
    setText($('users-offline'), signalling(signal));
  }

  // The button of somebody, or null.
  of(id) {
    return this.#list.querySelector(`button[data-user-id="${CSS.escape(id)}"]`);
  }

  #renderUser(id, phone) {
    const name = phone.users.nameOf(id);
    const button = this.of(id) ?? this.#add(id);
    const call = phone.callWith(id);
    // Stays in the tab order: one can look who is there during a call.
    button.setAttribute('aria-disabled', String(!phone.canDial(id)));
    button.setAttribute('aria-current', String(Boolean(call)));
    button.dataset.userName = name;
    setText(button.querySelector('.spoken'), call ? 'In the call:' : phone.calls.length ? 'Add' : 'Call');
    setText(button.querySelector('.user-name'), name);
    paintAvatar(button.querySelector('.avatar'), name);
  }

  #add(id) {
    const item = fromTemplate('user-template');
    const button = item.querySelector('button');
    button.dataset.userId = id;
    this.#list.append(item);
    return button;
  }
}
