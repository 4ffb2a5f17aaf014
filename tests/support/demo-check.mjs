// SPDX-License-Identifier: LGPL-2.1-or-later
// demo.sh --check: Chromium with a fake camera clicks on the pipeline's name.
//
//   node demo-check.mjs ADDRESS FILE-WITH-WHAT-THE-PIPELINE-SAYS
import { readFile } from 'node:fs/promises';
import { test, run, until } from './harness.mjs';
import { launch } from './browsers.mjs';
import { captureFiles, hearsTone, seesBall } from './media.mjs';

const [address, said] = process.argv.slice(2);
const saying = (what, pattern, ms) => until(async () => pattern.test(await readFile(said, 'utf8')),
  `the pipeline to say ${what}`, ms);

test('demo: a browser calls the pipeline, both see and hear each other', async (t) => {
  const files = await captureFiles({ colour: 'green', hz: 600 });
  t.defer(files.remove);
  const browser = await launch('chromium', { camera: files });
  t.defer(() => browser.close());
  const page = await browser.page(t, { url: address });

  const user = await until(async () => {
    for (const button of await page.$$('#users .user'))
      if (/Demo pipeline/.test(await button.evaluate((b) => b.textContent)))
        return button;
    return null;
  }, 'the name in the list of active users');
  await user.click();

  await seesBall(page, { colour: 'red', ms: 30000 });
  await hearsTone(page, { hz: 440, ms: 30000 });
  await saying('that it sees the camera', /picture .*a green ball that moves/, 20000);
  await saying('that it hears the microphone', /sound .*a tone of (59|60)\d Hz/, 20000);

  await page.click('#hang-up');
  await saying('that the call is over', /The call with .* is over/, 15000);
  await saying('that it waits for the next call', /is over[^]*Waiting for a call/, 15000);
}, { seconds: 120 });

await run({ jobs: 1 });
