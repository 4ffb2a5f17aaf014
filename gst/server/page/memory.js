// SPDX-License-Identifier: LGPL-2.1-or-later
// What this browser remembers for the next time. Storage may be forbidden:
// then nothing.

export function remembered(what) {
  try {
    return localStorage.getItem(`chat-${what}`) ?? '';
  } catch {
    return '';
  }
}

export function remember(what, value) {
  try {
    localStorage.setItem(`chat-${what}`, value);
  } catch {
    // Then not.
  }
}
