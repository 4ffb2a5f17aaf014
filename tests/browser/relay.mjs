// SPDX-License-Identifier: LGPL-2.1-or-later
// A real TURN server, far away: its candidates come when the descriptions are
// gone, one by one.
import { check, equal, until } from '../support/harness.mjs';
import { bothWays } from '../support/person.mjs';
import { startDelay, startTurn } from '../support/turn.mjs';
import { ANN, BOB, scene } from './world.mjs';

// Only the relay may be used; and what is said to the server is kept.
const only = (iceServer) => `
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor() { super({ iceServers: [${JSON.stringify(iceServer)}], iceTransportPolicy: 'relay' }); }
  };
  window.sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (String(data).startsWith('42'))
      sent.push(JSON.parse(String(data).slice(2)));
    return send.call(this, data);
  };`;

for (const [one, other] of [['chromium', 'chromium'], ['chromium', 'firefox']]) {
  scene(`${one} and ${other} through a relay whose candidates come late`, async ({ t, join }) => {
    const turn = await startTurn(t);
    // A round trip takes longer than a description waits.
    const far = await startDelay(t, turn.port, 250);
    const init = [only(turn.iceServer(far))];
    const [ann, bob] = await Promise.all([join(one, { ...ANN, init }), join(other, { ...BOB, init })]);
    await ann.talkTo(bob);
    await bothWays(ann, bob);
    for (const person of [ann, bob]) {
      const sent = await person.page.evaluate(() => sent);
      const of = (event) => sent.filter(([name]) => name === event).map(([, data]) => data);
      const descriptions = [...of('call-user').map((d) => d.offer), ...of('make-answer').map((d) => d.answer)];
      equal(descriptions.length, 1, `descriptions of ${person.name}`);
      check(!descriptions[0].sdp.includes('a=candidate:'), 'none was there in time');
      const candidates = of('ice-candidate').map((d) => d.candidate);
      check(candidates.some((c) => c?.candidate.includes('typ relay')), `a candidate of ${person.name} that came late`);
      check(of('ice-candidate').every((d) => /^[0-9a-f]{32}$/.test(d.session)), 'all of this call');
    }
    await ann.click('#settings-open');
    await until(() => ann.page.evaluate(() => document.querySelector('#details dd')?.textContent === 'Through a relay'), 'the relay in the figures');
    await ann.page.keyboard.press('Escape');
    await bob.click('#hang-up');
    await ann.says('Bob hung up');
  });
}
