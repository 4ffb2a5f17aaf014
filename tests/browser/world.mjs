// SPDX-License-Identifier: LGPL-2.1-or-later
// What the cases share: browsers, started once when first needed, and a
// server for each case.
import path from 'node:path';
import { launch } from '../support/browsers.mjs';
import { test } from '../support/harness.mjs';
import { captureFiles } from '../support/media.mjs';
import { Person } from '../support/person.mjs';
import { startServer } from '../support/servers.mjs';
import { browser as shared, closeAll as closeShared } from '../support/shared-browsers.mjs';

export const build = path.resolve(process.argv[2] ?? 'build');
export const out = path.resolve(process.env.OUT ?? 'out', 'browser');

// What Chromium's own capture shows and plays.
export const CAPTURED = { colour: 'yellow', hz: 523 };
export const ANN = { name: 'Ann', source: { colour: 'red', hz: 440 } };
export const BOB = { name: 'Bob', source: { colour: 'green', hz: 660 } };
export const CARA = { name: 'Cara', source: { colour: 'blue', hz: 880 } };

const KINDS = {
  // A fake camera and microphone, permission given, sound at once.
  chromium: async () => {
    files = await captureFiles(CAPTURED);
    return launch('chromium', { camera: files });
  },
  firefox: () => launch('firefox'),
  // Nothing of that; insecure.test is this machine by another, insecure name.
  bare: () => launch('chromium', {
    camera: false, autoplay: false, flags: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'],
  }),
};

let files = null;
export const browser = (kind) => shared(kind, KINDS[kind]);

export async function closeAll() {
  await closeShared();
  await files?.remove();
}

// A case on our server: body({t, server, join}). join(kind, options) is a
// person in a browser of that kind. No page may complain.
export function scene(name, body, options = {}) {
  test(name, async (t) => {
    const server = await startServer(t, build);
    const people = [];
    const join = async (kind, who) => {
      const person = await Person.join(t, await browser(kind), who.url ?? server.url, who);
      people.push(person);
      return person;
    };
    await body({ t, server, join });
    people.forEach((person) => person.fine(options.complaints));
  }, options);
}
