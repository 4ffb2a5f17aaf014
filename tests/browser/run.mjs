// SPDX-License-Identifier: LGPL-2.1-or-later
// The page in real browsers.
//
//   node tests/browser/run.mjs BUILDDIR [--list] [--only=TEXT] [--jobs=N]
import { run } from '../support/harness.mjs';
import { closeAll } from './world.mjs';
import './base.mjs';
import './calls.mjs';
import './devices.mjs';
import './group.mjs';
import './looks.mjs';
import './media.mjs';
import './pipelines.mjs';
import './relay.mjs';
import './trouble.mjs';

await run({ jobs: 2, teardown: closeAll });
