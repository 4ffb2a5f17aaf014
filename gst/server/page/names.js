// SPDX-License-Identifier: LGPL-2.1-or-later
// One's own name: from the address, from the last time, or made up.
import { remember, remembered } from './memory.js';

const FIRST = ['Amber', 'Brisk', 'Calm', 'Clever', 'Gentle', 'Happy', 'Jolly', 'Lucky', 'Misty', 'Quiet', 'Sunny', 'Swift'];
const SECOND = ['Badger', 'Beaver', 'Finch', 'Fox', 'Hare', 'Heron', 'Lynx', 'Marten', 'Otter', 'Owl', 'Robin', 'Seal'];

const clean = (text) => (text ?? '').replace(/\s+/g, ' ').trim().slice(0, 40);

// One from the address is not kept: a link is for this visit.
export function firstName(given) {
  return clean(given) || clean(remembered('name')) || chosenName('');
}

export function chosenName(text) {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  const name = clean(text) || `${pick(FIRST)} ${pick(SECOND)}`;
  remember('name', name);
  return name;
}
