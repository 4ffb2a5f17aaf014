// SPDX-License-Identifier: LGPL-2.1-or-later
// Pipelines and what others have written: servers, pages, clients.
//
//   node tests/interop/run.mjs BUILDDIR [--list] [--only=TEXT] [--jobs=N]
import { run } from '../support/harness.mjs';
import { closeAll } from '../support/shared-browsers.mjs';
import './hostile.mjs';
import './launch.mjs';
import './pairs.mjs';
import './recording.mjs';
import './relay.mjs';
import './signalling.mjs';
import './traps.mjs';
import './trouble.mjs';
import './tutorial.mjs';

await run({ jobs: 2, teardown: closeAll });
