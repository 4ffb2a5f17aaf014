// SPDX-License-Identifier: LGPL-2.1-or-later
// Real browsers, headless, each with an empty profile in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.CHAT_TEST_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.CHAT_TEST_FIREFOX ?? '/usr/bin/firefox-esr';

// Nothing leaves the machine, nothing in the background is slowed down.
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter',
];

const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  // A sound card that is none: without it an AudioContext never starts.
  'media.cubeb.force_mock_context': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
};

// Options for both:
//   camera: true   a fake device that the browser makes itself, permission given
//           false  no device at all (Chromium), none offered (Firefox)
//           {video, audio}  Chromium's capture reads these files
//   autoplay: true/false    sound without a gesture
// Returns {name, page(options), close()}; page() opens a page in a browser
// context of its own (own storage) and collects what goes wrong in it.
export async function launch(name, options = {}) {
  const home = await mkdtemp(path.join(tmpdir(), `chat-${name}-`));
  const firefox = name === 'firefox';
  const program = firefox ? FIREFOX : CHROMIUM;
  if (!existsSync(program))
    throw new Error(`no ${name} at ${program}: install ${firefox ? 'firefox-esr' : 'chromium'}`);
  const common = {
    executablePath: program,
    headless: true,
    userDataDir: path.join(home, 'profile'),
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, MOZ_CRASHREPORTER_DISABLE: '1' },
    timeout: 60000,
    protocolTimeout: 120000,
    defaultViewport: { width: 1280, height: 800 },
  };
  const browser = await puppeteer.launch(firefox
    ? { ...common, browser: 'firefox', extraPrefsFirefox: firefoxPrefs(options) }
    : { ...common, args: chromiumFlags(options) });
  return new LaunchedBrowser(name, browser, home);
}

function chromiumFlags({ camera = true, autoplay = true, flags = [] }) {
  const list = [...CHROMIUM_FLAGS, ...flags];
  if (autoplay)
    list.push('--autoplay-policy=no-user-gesture-required');
  if (camera)
    list.push('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream');
  if (camera?.video)
    list.push(`--use-file-for-fake-video-capture=${camera.video}`);
  if (camera?.audio)
    list.push(`--use-file-for-fake-audio-capture=${camera.audio}`);
  return list;
}

function firefoxPrefs({ camera = true, autoplay = true, prefs = {} }) {
  const all = { ...FIREFOX_PREFS, ...prefs };
  if (!camera)
    all['media.navigator.streams.fake'] = false;
  if (!autoplay)
    all['media.autoplay.default'] = 1;
  return all;
}

// Firefox's browsingContext.create fails now and then on a loaded machine, since
// the empty tab moved to another process while it opened. Nothing has happened
// in it yet, so another one does as well.
async function newPage(context, tries = 3) {
  try {
    return await context.newPage();
  } catch (error) {
    if (tries <= 1 || !/DiscardedBrowsingContextError/.test(error.message))
      throw error;
    console.log('# a tab of Firefox was discarded while it opened, another is tried');
    return newPage(context, tries - 1);
  }
}

class LaunchedBrowser {
  #browser;
  #home;

  constructor(name, browser, home) {
    this.name = name;
    this.#browser = browser;
    this.#home = home;
  }

  get puppet() {
    return this.#browser;
  }

  // init: scripts (text) that run in the page before its own. t: the case; the
  // page is closed with it, and what it said is noted.
  async page(t, { url, init = [], viewport, dark, setup } = {}) {
    const context = await this.#browser.createBrowserContext();
    t?.defer(() => context.close());
    const page = await newPage(context);
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(`page error: ${error.message}`));
    page.on('console', (m) => {
      if (m.type() === 'error' && !/favicon/.test(m.text()))
        page.problems.push(`console: ${m.text()}`);
      if (process.env.CHAT_TEST_VERBOSE)
        console.log(`#   [${this.name}] ${m.type()}: ${m.text()}`);
    });
    if (viewport)
      await page.setViewport(viewport);
    if (dark !== undefined && this.name === 'chromium')
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
    for (const script of init)
      await page.evaluateOnNewDocument(script);
    await setup?.(page);
    if (url)
      await page.goto(url, { waitUntil: 'domcontentloaded' });
    return page;
  }

  async close() {
    const child = this.#browser.process();
    const ended = child && new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null)
        resolve();
      else
        child.once('exit', resolve);
    });
    const kill = setTimeout(() => child?.kill('SIGKILL'), 5000);
    await this.#browser.close().catch(() => {});
    await ended;
    clearTimeout(kill);
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
  }
}
