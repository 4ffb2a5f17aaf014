// SPDX-License-Identifier: LGPL-2.1-or-later
// Small things that every part of the page does to elements.

export const $ = (id) => document.getElementById(id);

// Live regions speak on every change, also on one to the same text.
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

export function label(button, text) {
  if (button.getAttribute('aria-label') === text)
    return;
  button.setAttribute('aria-label', text);
  button.title = text;
}

export function press(button, pressed, text) {
  button.setAttribute('aria-pressed', String(pressed));
  label(button, text);
}

export function paintAvatar(element, name) {
  const initials = name.split(/\s+/).filter(Boolean).slice(0, 2).map((w) => [...w][0].toUpperCase()).join('');
  setText(element, initials || '?');
  const hue = [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);
  element.style.setProperty('--hue', String(hue));
}

// The first element of a template.
export function fromTemplate(id) {
  return $(id).content.firstElementChild.cloneNode(true);
}
