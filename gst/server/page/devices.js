// SPDX-License-Identifier: LGPL-2.1-or-later
// Which devices there are, and which of them the user has chosen: remembered,
// since the next visit is from the same desk.
import { remember, remembered } from './memory.js';

// Our name for a kind, and the browser's.
const KINDS = { audio: 'audioinput', video: 'videoinput', sound: 'audiooutput' };

export class Devices {
  // kind → [{id, label}]
  lists = { audio: [], video: [], sound: [] };

  // A device came or went.
  onchange = () => {};

  constructor() {
    navigator.mediaDevices?.addEventListener?.('devicechange', async () => {
      await this.refresh();
      this.onchange();
    });
  }

  // Browsers tell names only while the page may use them.
  async refresh() {
    const all = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []) ?? [];
    for (const [kind, theirs] of Object.entries(KINDS)) {
      this.lists[kind] = all.filter((d) => d.kind === theirs && d.deviceId)
        .map((d, n) => ({ id: d.deviceId, label: d.label || `Number ${n + 1}` }));
    }
  }

  chosen(kind) {
    return remembered(`device-${kind}`);
  }

  choose(kind, id) {
    remember(`device-${kind}`, id);
  }

  has(kind) {
    return this.lists[kind].length > 0;
  }
}
