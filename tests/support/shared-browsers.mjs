// SPDX-License-Identifier: LGPL-2.1-or-later
// Browsers that the cases of a suite share, started when first needed.
import { launch } from './browsers.mjs';

const running = new Map();

// @make starts one of that kind; without it, a browser by its name.
export function browser(kind, make = () => launch(kind)) {
  if (!running.has(kind))
    running.set(kind, make());
  return running.get(kind);
}

export async function closeAll() {
  const all = await Promise.allSettled(running.values());
  await Promise.all(all.map((r) => r.value?.close()));
}
