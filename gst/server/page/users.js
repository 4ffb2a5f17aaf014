// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is online, in the order of arrival.
import { isId, nameFrom } from './wire.js';

// More than anybody can scroll through; a bound for what a server may send.
const MOST_USERS = 5000;

export class Users {
  // id → name, '' where none is known
  #names = new Map();

  get size() {
    return this.#names.size;
  }

  get ids() {
    return this.#names.keys();
  }

  has(id) {
    return this.#names.has(id);
  }

  nameOf(id) {
    return this.#names.get(id) || `Guest ${id.slice(0, 4)}`;
  }

  // Those of a list of the server that were not there yet.
  add({ users, names }, ownId) {
    if (!Array.isArray(users))
      return [];
    const fresh = [];
    for (const id of users) {
      const known = this.#names.has(id);
      if (!isId(id) || id === ownId || (!known && this.#names.size >= MOST_USERS))
        continue;
      if (!known)
        fresh.push(id);
      this.#names.set(id, nameFrom(names?.[id]) || (this.#names.get(id) ?? ''));
    }
    return fresh;
  }

  // A base server knows no names; whoever has called has said it.
  learn(id, name) {
    if (this.#names.get(id) === '' && name !== this.nameOf(id))
      this.#names.set(id, name);
  }

  remove(id) {
    this.#names.delete(id);
  }

  clear() {
    this.#names.clear();
  }

  // Whom the address asks for: an id, a name, or * for anybody.
  find(target, ids) {
    return ids.find((id) => target === '*' || id === target || this.#names.get(id) === target);
  }
}
