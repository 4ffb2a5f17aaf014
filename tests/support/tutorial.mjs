// SPDX-License-Identifier: LGPL-2.1-or-later
// The tutorial's page, opened in a browser and played with.
import { until } from './harness.mjs';
import { sourceScript } from './media.mjs';

// What it sends, where it sends something.
export const TUTOR = { colour: 'magenta', hz: 990 };

// Opens it at @url of a relay. @params: media=both|audio|video|none, late=MS.
export async function joinTutorial(t, browser, url, params = {}) {
  const address = new URL('tutorial/', url);
  address.search = new URLSearchParams(params);
  const page = await browser.page(t, { url: address.href, init: [sourceScript(TUTOR)] });
  t.note(() => t.note(`tutorial: ${page.problems.join(' | ')}`));
  await online(page);
  return page;
}

export const online = (page) => until(() => page.evaluate(() => document.body.dataset.ownId),
  'the tutorial to be online');

// Clicks on the first name in its list.
export const click = (page) => until(() => page.evaluate(() => {
  const item = document.querySelector('li[data-user-id]');
  item?.click();
  return Boolean(item);
}), 'somebody in the list of the tutorial');

// Waits until it has the media it asked for: 'audio video', 'audio', 'video'.
export const ready = (page, kinds) => until(
  () => page.evaluate((k) => document.body.dataset.media === k, kinds), `media: ${kinds}`);
