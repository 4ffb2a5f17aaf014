// SPDX-License-Identifier: LGPL-2.1-or-later
// A case with servers of its own, which must end cleanly.
import path from 'node:path';
import { equal, test } from '../support/harness.mjs';
import { startServer } from '../support/servers.mjs';

export const build = path.resolve(process.argv[2] ?? 'build');

// @body gets the case and a function that starts a server. A sanitizer's
// complaint is a failure, and so is a line of the log that matches none of
// @logs.
export function serverTest(name, body, { logs = [], ...options } = {}) {
  test(name, async (t) => {
    const servers = [];
    await body(t, async (args) => {
      const server = await startServer(t, build, args);
      servers.push(server);
      return server;
    });
    for (const { child } of servers) {
      equal(await child.stop(), 0, 'exit status of the server');
      equal(child.errors.filter((line) => !logs.some((log) => log.test(line))), [], 'what the server complains of');
    }
  }, options);
}
