// SPDX-License-Identifier: LGPL-2.1-or-later
// Records what real browsers offer and answer: node record.mjs chromium|firefox OUTDIR
// Needs puppeteer-core, and the browser (CHROMIUM=, FIREFOX= name another one).
import puppeteer from 'puppeteer-core';
import http from 'node:http';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const [browserName, outDir] = process.argv.slice(2);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'sdp-record-'));

const server = http.createServer((req, res) => {
  res.setHeader('Content-Type', 'text/html');
  res.end('<!doctype html><title>sdp</title>');
});
await new Promise(ok => server.listen(0, '127.0.0.1', ok));
const url = `http://localhost:${server.address().port}/`;

const browser = await puppeteer.launch(browserName === 'firefox' ? {
  browser: 'firefox', headless: true, userDataDir: profile,
  executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr',
  env: { ...process.env, HOME: profile },
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'permissions.default.camera': 1,
    'permissions.default.microphone': 1,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.peerconnection.ice.loopback': true,
  },
} : {
  headless: true, userDataDir: profile,
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless=new', '--disable-gpu',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--no-first-run', '--allow-loopback-in-peer-connection',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
});

// Each case makes its own pair of connections; `save` keeps a description.
const page = await browser.newPage();
await page.goto(url);
const texts = await page.evaluate(async () => {
  const out = {};
  const save = (name, d) => { out[name] = d.sdp; return d; };
  const gathered = pc => new Promise(ok => {
    const t = setTimeout(ok, 4000);
    const look = () => { if (pc.iceGatheringState === 'complete') { clearTimeout(t); ok(); } };
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });
  const media = c => navigator.mediaDevices.getUserMedia(c);
  const both = await media({ audio: true, video: true });
  const add = (pc, kinds) => both.getTracks().filter(t => kinds.includes(t.kind))
    .sort((a, b) => a.kind < b.kind ? -1 : 1).forEach(t => pc.addTrack(t, both));
  const make = () => new RTCPeerConnection();
  const run = async (name, f) => {
    try { await f(); } catch (e) { out[`${name}.error`] = `${e}\n`; }
  };

  // An offer at once, the answer at once, and the second round.
  const call = async (name, kindsA, kindsB, setup) => run(name, async () => {
    const a = make(), b = make();
    add(a, kindsA);
    add(b, kindsB);
    if (setup) setup(a, b);
    const o1 = save(`${name}-offer1`, await a.createOffer());
    await a.setLocalDescription(o1);
    await b.setRemoteDescription(o1);
    const a1 = save(`${name}-answer1`, await b.createAnswer());
    await b.setLocalDescription(a1);
    await a.setRemoteDescription(a1);
    await gathered(a);
    await gathered(b);
    const o2 = save(`${name}-offer2`, await a.createOffer());
    await a.setLocalDescription(o2);
    await b.setRemoteDescription(o2);
    const a2 = save(`${name}-answer2`, await b.createAnswer());
    await b.setLocalDescription(a2);
    await a.setRemoteDescription(a2);
    a.close();
    b.close();
  });
  await call('av', ['audio', 'video'], ['audio', 'video']);
  await call('audio', ['audio'], ['audio', 'video']);
  await call('video', ['video'], ['audio', 'video']);
  await call('nothing', [], ['audio', 'video']);
  await call('callee-nothing', ['audio', 'video'], []);
  await call('data', ['audio', 'video'], ['audio', 'video'], a => a.createDataChannel('x'));
  await call('data-only', [], [], a => a.createDataChannel('x'));
  await call('recvonly', [], ['audio', 'video'], a => {
    a.addTransceiver('audio', { direction: 'recvonly' });
    a.addTransceiver('video', { direction: 'recvonly' });
  });
  await call('video-first', [], ['audio', 'video'], a => {
    a.addTrack(both.getVideoTracks()[0], both);
    a.addTrack(both.getAudioTracks()[0], both);
  });

  // An answer that rejects the video; and an offer after it was stopped.
  await run('rejected', async () => {
    const a = make(), b = make();
    add(a, ['audio', 'video']);
    const o1 = await a.createOffer();
    await a.setLocalDescription(o1);
    await b.setRemoteDescription(o1);
    add(b, ['audio']);
    const v = b.getTransceivers().find(t => t.receiver.track.kind === 'video');
    v.stop();
    const a1 = save('rejected-video-answer', await b.createAnswer());
    await b.setLocalDescription(a1);
    await a.setRemoteDescription(a1);
    await gathered(a);
    save('rejected-video-offer2', await a.createOffer());
    a.getTransceivers().forEach(t => { try { t.stop(); } catch (e) { /* was */ } });
    save('stopped-offer3', await a.createOffer());
    a.addTrack(both.getVideoTracks()[0].clone(), both);
    save('recycled-offer4', await a.createOffer());
    a.close();
    b.close();
  });

  // Media added later, and an ICE restart.
  await run('later', async () => {
    const a = make(), b = make();
    add(a, ['audio']);
    const o1 = save('later-offer1', await a.createOffer());
    await a.setLocalDescription(o1);
    await b.setRemoteDescription(o1);
    const a1 = await b.createAnswer();
    await b.setLocalDescription(a1);
    await a.setRemoteDescription(a1);
    await gathered(a);
    add(a, ['video']);
    const o2 = save('later-offer2', await a.createOffer());
    await a.setLocalDescription(o2);
    await b.setRemoteDescription(o2);
    const a2 = await b.createAnswer();
    await b.setLocalDescription(a2);
    await a.setRemoteDescription(a2);
    save('restart-offer3', await a.createOffer({ iceRestart: true }));
    const s = a.getSenders().find(x => x.track && x.track.kind === 'video');
    a.removeTrack(s);
    save('removed-offer4', await a.createOffer());
    a.close();
    b.close();
  });

  // Without BUNDLE.
  await run('unbundled', async () => {
    const a = make();
    add(a, ['audio', 'video']);
    const o = await a.createOffer();
    await a.setLocalDescription(o);
    await gathered(a);
    save('gathered-offer', a.localDescription);
    a.close();
    const c = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    add(c, ['audio', 'video']);
    save('max-bundle-offer', await c.createOffer());
    c.close();
  });
  return out;
});
fs.mkdirSync(outDir, { recursive: true });
for (const [name, sdp] of Object.entries(texts)) {
  if (name.endsWith('.error'))
    console.error(name, sdp.trim());
  else
    fs.writeFileSync(path.join(outDir, `${browserName}-${name}.sdp`), sdp);
}
console.log(`${await browser.version()}: ${Object.keys(texts).length} descriptions`);
await browser.close();
server.close();
fs.rmSync(profile, { recursive: true, force: true });
