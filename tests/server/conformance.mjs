// SPDX-License-Identifier: LGPL-2.1-or-later
// Wrong and odd requests: our answers beside those of real servers.
//
//     node tests/server/conformance.mjs BUILD [--write]
//
// Prints the table; --write puts it into docs/conformance.md. run.mjs checks each
// row: what Engine.IO 3 is told is what 2.5.1 says, what 4 is told is what 4.8.4
// says, unless the row has a reason (`why`) to be different; then it is.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE, startRelay, startServer } from '../support/servers.mjs';
import { UPGRADE, Wire, ask, request } from './wire.mjs';

export const DOCUMENT = path.join(SOURCE, 'docs/conformance.md');
const poll = (eio, sid) => `EIO=${eio}&transport=polling${sid ? `&sid=${sid}` : ''}`;
const websocket = (eio, sid) => `EIO=${eio}&transport=websocket${sid ? `&sid=${sid}` : ''}`;
// Each in a room of its own, so that others' coming and going is not told.
let n_rooms = 0;
const alone = () => `&room=${n_rooms++}`;
// On the wire of EIO 3 each packet has its length.
const packed = (eio, packet) => eio === 3 ? `${packet.length}:${packet}` : packet;

function packets(eio, body) {
  if (eio !== 3)
    return body.split('\x1e');
  const list = [];
  for (let rest = body; rest;) {
    const [, size] = /^(\d+):/.exec(rest) ?? [];
    if (!size)
      return [...list, rest];
    list.push(rest.slice(size.length + 1, size.length + 1 + Number(size)));
    rest = rest.slice(size.length + 1 + Number(size));
  }
  return list;
}

// What is random or a server's own is left out: ids, numbers, presence.
function plain(packet) {
  if (/^42\["(server-info|update-user-list|remove-user)"/.test(packet))
    return [];
  if (packet.startsWith('0{'))
    return [`0{${Object.keys(JSON.parse(packet.slice(1))).join(',')}}`];
  return [packet.replace(/"sid":"[^"]*"/, '"sid":…').slice(0, 80)];
}

function said(response, eio) {
  if (!response)
    return 'connection closed';
  const { status, body, headers } = response;
  const type = headers['content-type'] ?? '';
  const isPoll = status === 200 && type.startsWith('text/plain');
  const text = isPoll ? packets(eio, body).flatMap(plain).join(' ') : body;
  return `${status}${text ? ` \`${text}\`` : ''}`;
}

async function pollSession(port, eio) {
  const { status, body } = await ask(port, 'GET', poll(eio) + alone());
  if (status !== 200)
    throw new Error(`no session: ${status} ${body}`);
  const sid = /"sid":"([^"]*)"/.exec(body)[1];
  if (eio === 4) {
    await ask(port, 'POST', poll(4, sid), { body: '40' });
    await ask(port, 'GET', poll(4, sid));
  }
  return sid;
}

// A GET that is parked: {wire, response}. What waits is taken before. It has
// been sent before the connection of the POST begins, so that it is read first.
async function park(port, eio, sid) {
  for (;;) {
    const wire = new Wire(port);
    await once(wire.socket, 'connect');
    wire.send(request('GET', poll(eio, sid)));
    const response = wire.response();
    const probe = ask(port, 'POST', poll(eio, sid), { body: packed(eio, eio === 3 ? '6' : '3') });
    const answered = await Promise.race([response.then(() => true), probe.then(() => false)]);
    await probe;
    if (!answered)
      return { wire, response };
    wire.close();
  }
}

class Session {
  constructor(port) {
    this.wire = new Wire(port);
    this.log = [];
  }

  static async open(port, eio) {
    const session = new Session(port);
    session.wire.send(request('GET', websocket(eio) + alone(), { headers: UPGRADE }));
    session.response = await session.wire.response();
    return session;
  }

  // In the chat, with all that is said to a newcomer behind it.
  static async enter(port, eio) {
    const session = await Session.open(port, eio);
    if (session.response?.status !== 101)
      throw new Error(`no WebSocket: ${session.response?.status}`);
    if (eio === 4)
      session.wire.sendFrame(1, '40');
    await session.until((text) => text.startsWith('40'));
    await session.settle();
    session.log = [];
    return session;
  }

  async #step() {
    const frame = await this.wire.frame();
    if (!frame)
      this.over = this.over ?? 'connection closed';
    else if (frame.opcode === 8)
      this.over = `CLOSE ${frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 'without a code'}`;
    else if (frame.opcode === 1)
      this.log.push(...plain(String(frame.payload)));
    else if (frame.opcode === 2)
      this.log.push(`binary ${frame.payload.toString('hex')}`);
    return frame;
  }

  async until(match) {
    while (!this.over) {
      const frame = await this.#step();
      if (frame?.opcode === 1 && match(String(frame.payload)))
        return;
    }
    throw new Error(`${this.over} too early`);
  }

  // Three times there and back: whatever the server does about what it was sent,
  // it has done then.
  async settle() {
    for (let i = 0; i < 3 && !this.over; i++) {
      if (!this.wire.ended)
        this.wire.sendFrame(9, `${i}`);
      while (!this.over) {
        const frame = await this.#step();
        if (frame?.opcode === 10 && String(frame.payload) === `${i}`)
          break;
      }
    }
  }

  summary() {
    const texts = this.log.map((text) => `\`${text}\``);
    return [...texts, this.over ?? (texts.length ? null : 'ignored')].filter(Boolean).join(', ');
  }

  close() {
    this.wire.close();
  }
}

const rows = [];
// @body (port, eio) → text
function row(eios, name, body, why) {
  for (const eio of eios)
    rows.push({ eio, name, body: (port) => body(port, eio), why: typeof why === 'string' ? why : why?.[eio] });
}
const both = [3, 4];

// --- the handshake ---
row(both, 'GET, polling', async (port, eio) => said(await ask(port, 'GET', poll(eio)), eio), {
  3: 'one member more, which clients do not look at' });
row(both, 'WebSocket', async (port, eio) => {
  const session = await Session.open(port, eio);
  await session.settle();
  session.close();
  return `${session.response.status}, ${session.summary()}`;
}, { 3: 'one member more, which clients do not look at' });
row([3], 'GET, polling, without EIO', async (port) => said(await ask(port, 'GET', 'transport=polling'), 3),
  'as with EIO=3');
row([3], 'GET, polling, EIO=5', async (port) => said(await ask(port, 'GET', poll(5)), 3), 'as with EIO=3');
row(both, 'GET without transport', async (port, eio) => said(await ask(port, 'GET', `EIO=${eio}`)));
row(both, 'GET, unknown transport', async (port, eio) => said(await ask(port, 'GET', `EIO=${eio}&transport=warp`)));
row(both, 'POST without sid', async (port, eio) => said(await ask(port, 'POST', poll(eio), { body: '' })));
row(both, 'OPTIONS without sid', async (port, eio) => said(await ask(port, 'OPTIONS', poll(eio))));
row(both, 'transport=websocket without an upgrade', async (port, eio) => said(await ask(port, 'GET', websocket(eio))));
row(both, 'an upgrade with transport=polling', async (port, eio) => {
  const wire = new Wire(port);
  wire.send(request('GET', poll(eio), { headers: UPGRADE }));
  const response = await wire.response();
  const frame = response?.status === 101 ? await wire.frame() : null;
  wire.close();
  return said(response) + (frame ? `, frame ${frame.opcode}` : '');
}, 'refused before it is a WebSocket');
row(both, 'an upgrade on another path', async (port, eio) => {
  const response = await ask(port, 'GET', websocket(eio), { path: '/other/', headers: UPGRADE });
  return response ? `${response.status}` : 'connection closed';
}, 'an answer instead of a broken connection');
row(both, 'GET, JSONP (`j=0`)', async (port, eio) => {
  const response = await ask(port, 'GET', `${poll(eio)}&j=0`);
  return response.status === 200 ? `200 \`${response.body.slice(0, 10)}…\`` : said(response);
}, 'a script of another origin could read it; only browsers without CORS need it');
row(both, 'GET, polling, from a page of another origin', async (port, eio) => {
  const { status, headers } = await ask(port, 'GET', poll(eio), { headers: 'Origin: http://other.example\r\n' });
  return `${status}, ${headers['access-control-allow-origin'] ? 'allowed' : 'not allowed'} to read`;
}, 'any page that a user visits could join, unless --origin lets it');
row(both, 'WebSocket from a page of another origin', async (port, eio) => {
  const response = await ask(port, 'GET', websocket(eio), { headers: `Origin: http://other.example\r\n${UPGRADE}` });
  return `${response.status}`;
}, 'any page that a user visits could join, unless --origin lets it');

// --- a session by HTTP ---
row(both, 'GET, unknown sid', async (port, eio) => said(await ask(port, 'GET', poll(eio, 'nobody'))));
row(both, 'POST, unknown sid', async (port, eio) => said(await ask(port, 'POST', poll(eio, 'nobody'), { body: '' })));
row(both, 'WebSocket, unknown sid', async (port, eio) => said(await ask(port, 'GET', websocket(eio, 'nobody'), { headers: UPGRADE })));
row(both, 'GET, the sid of a WebSocket', async (port, eio) => {
  const wire = new Wire(port);
  wire.send(request('GET', websocket(eio), { headers: UPGRADE }));
  await wire.response();
  const sid = /"sid":"([^"]*)"/.exec(String((await wire.frame()).payload))[1];
  const answer = said(await ask(port, 'GET', poll(eio, sid)));
  wire.close();
  return answer;
});
row(both, 'PUT on a session', async (port, eio) => said(await ask(port, 'PUT', poll(eio, await pollSession(port, eio)), { body: '' })));
row(both, 'a second GET while one waits: the second, then the first', async (port, eio) => {
  const sid = await pollSession(port, eio);
  const first = await park(port, eio, sid);
  const second = await ask(port, 'GET', poll(eio, sid));
  const answer = `${said(second, eio)}, ${said(await first.response, eio)}`;
  first.wire.close();
  return answer;
});
row(both, 'POST of garbage, then GET', async (port, eio) => {
  const sid = await pollSession(port, eio);
  const answer = said(await ask(port, 'POST', poll(eio, sid), { body: 'garbage' }));
  return `${answer}, ${said(await ask(port, 'GET', poll(eio, sid)))}`;
});
row([4], 'POST of octets, then GET', async (port, eio) => {
  const sid = await pollSession(port, eio);
  const options = { headers: 'Content-Type: application/octet-stream\r\n', body: '\x00\x02\xff42' };
  const answer = said(await ask(port, 'POST', poll(eio, sid), options));
  return `${answer}, ${said(await ask(port, 'GET', poll(eio, sid)))}`;
});
row(both, 'POST of a CLOSE packet: POST, the GET that waits, the next GET', async (port, eio) => {
  const sid = await pollSession(port, eio);
  const waiting = await park(port, eio, sid);
  const post = said(await ask(port, 'POST', poll(eio, sid), { body: packed(eio, '1') }));
  const answer = `${post}, ${said(await waiting.response, eio)}, ${said(await ask(port, 'GET', poll(eio, sid)))}`;
  waiting.wire.close();
  return answer;
});
row(both, 'POST of more than is allowed', async (port, eio) => {
  const sid = await pollSession(port, eio);
  const wire = new Wire(port);
  wire.send(request('POST', poll(eio, sid), { headers: 'Content-Length: 2000000\r\n' }));
  const block = 'x'.repeat(100000);
  for (let i = 0; i < 20; i++)
    wire.send(block);
  const response = await wire.response();
  wire.close();
  return response ? `${response.status}` : 'connection closed';
}, { 3: 'an answer instead of a broken connection' });

// --- packets on a WebSocket, in the chat ---
function packet(eios, name, frames, why) {
  row(eios, name, async (port, eio) => {
    const session = await Session.enter(port, eio);
    for (const [opcode, payload, options] of frames) {
      session.wire.sendFrame(opcode, payload, options);
      await session.settle();
    }
    session.close();
    return session.summary();
  }, why);
}
const text = (t) => [[1, t]];

packet(both, 'unknown Engine.IO type: `9`', text('9'));
packet(both, 'an empty message', text(''));
packet(both, 'CLOSE packet: `1`', text('1'));
packet([3], 'ping: `2`', text('2'));
packet([3], 'ping with data: `2probe`', text('2probe'), 'the data is given back, as on a session that is being upgraded');
packet([4], 'ping: `2`', text('2'));
packet([4], 'pong that nobody asked for: `3`', text('3'));
packet(both, 'unknown Socket.IO type: `49`', text('49'));
packet(both, 'CONNECT once more: `40`', text('40'));
packet(both, 'CONNECT to a namespace that is not there: `40/admin,`', text('40/admin,'));
packet(both, 'EVENT to a namespace that is not joined: `42/admin,["x"]`', text('42/admin,["x"]'));
packet(both, 'EVENT that is no JSON: `42{`', text('42{'));
packet(both, 'EVENT without arguments: `42[]`', text('42[]'));
packet(both, 'EVENT that is an object: `42{"a":1}`', text('42{"a":1}'));
packet(both, 'EVENT whose name is a number: `42[1]`', text('42[1]'));
packet(both, 'EVENT whose name is an object: `42[{}]`', text('42[{}]'));
packet(both, 'EVENT of a reserved name: `42["connect"]`', text('42["connect"]'), {
  4: 'what is no event of the chat is ignored, whatever its name' });
packet(both, 'EVENT of a reserved name: `42["disconnecting","x"]`', text('42["disconnecting","x"]'), {
  4: 'what is no event of the chat is ignored, whatever its name' });
packet(both, 'ACK of nothing: `437[]`', text('437[]'));
packet(both, 'a binary message that nobody announced', [[2, '\x04abc']], {
  3: 'nothing of the chat is binary: overlooked, as other packets that do not belong here' });
packet(both, 'text in place of an attachment', [[1, '451-["x",{"_placeholder":true,"num":0}]'], [1, '42["y"]']]);
packet(both, '11 attachments', text('4511-["x"]'));
packet(both, 'DISCONNECT, then EVENT', [[1, '41'], [1, '42["x"]']]);
packet(both, 'DISCONNECT, then CONNECT', [[1, '41'], [1, '40']], {
  3: 'who has left may come in again, and is told so' });
packet(both, 'nested 10,000 deep', text(`42["x",${'['.repeat(10000)}${']'.repeat(10000)}]`),
  'a parser that recurses is killed by less');
packet(both, 'a frame that is not masked', [[1, '42["x"]', { mask: false }]]);
packet(both, 'text that is not UTF-8', [[1, Buffer.from([0x34, 0x32, 0xff])]]);
packet(both, 'a message over the limit', [[1, `42["x","${'x'.repeat(1100000)}"]`]]);
row([4], 'EVENT before CONNECT', async (port, eio) => {
  const session = await Session.open(port, eio);
  session.wire.sendFrame(1, '42["x"]');
  await session.settle();
  session.close();
  return session.summary();
});

// --- all of it ---

export { rows };

export const KINDS = ['gst-chat-server', '2.5.1', '4.8.4'];

export async function startAll(t, build) {
  const [ours, old, fresh] = await Promise.all([startServer(t, build), startRelay(t, '2.5.1', { rooms: true }), startRelay(t, '4.8.4', { rooms: true })]);
  return { 'gst-chat-server': ours, '2.5.1': old, '4.8.4': fresh };
}

export const modelOf = (entry) => entry.eio === 3 ? '2.5.1' : '4.8.4';

// {kind: answer}; a server that does not speak this at all says so.
export async function askAll(servers, entry) {
  const answers = {};
  for (const kind of KINDS) {
    if (entry.eio === 3 && kind === '4.8.4' || entry.eio === 4 && kind === '2.5.1')
      answers[kind] = '–';
    else
      answers[kind] = await entry.body(servers[kind].port);
  }
  return answers;
}

export function document(results) {
  const cell = (t) => t.replaceAll('|', '\\|');
  const part = (eio) => {
    const model = eio === 3 ? '2.5.1' : '4.8.4';
    const lines = results.filter(({ entry }) => entry.eio === eio).map(({ entry, answers }) => {
      const ours = answers['gst-chat-server'];
      return `| ${cell(entry.name)} | ${cell(answers[model])} | ${ours === answers[model] ? '=' : `${cell(ours)}: ${entry.why}`} |`;
    });
    return [`## Engine.IO ${eio}, beside socket.io ${model}`, '',
      `| request | socket.io ${model} | gst-chat-server |`, '| --- | --- | --- |', ...lines].join('\n');
  };
  return `# Answers to wrong and odd requests

What \`gst-chat-server\` says beside real servers of the same generation, asked side by side by \`tests/server/conformance.mjs\`, which also wrote this page. \`=\` is the same; what is different is meant, for the reason that stands there. The suite \`server\` compares all of it anew. Ids and the chat's own events are left out.

${part(3)}

${part(4)}
`;
}

async function main() {
  const deferred = [];
  const t = { defer: (fn) => deferred.push(fn), note: () => {} };
  try {
    const servers = await startAll(t, path.resolve(process.argv[2] ?? 'build'));
    const results = [];
    for (const entry of rows)
      results.push({ entry, answers: await askAll(servers, entry) });
    const page = document(results);
    console.log(page);
    if (process.argv.includes('--write'))
      await writeFile(DOCUMENT, page);
  } finally {
    await Promise.all(deferred.map((fn) => fn()));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main();
