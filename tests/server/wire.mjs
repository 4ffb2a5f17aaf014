// SPDX-License-Identifier: LGPL-2.1-or-later
// HTTP and WebSocket to the byte, for requests that no client would make.
import net from 'node:net';

const PATIENCE_MS = 20000;

// A connection that keeps what comes.
export class Wire {
  data = Buffer.alloc(0);
  ended = false;
  #wake = () => {};

  constructor(port) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: false });
    this.socket.setNoDelay(true);
    this.socket.on('data', (data) => { this.data = Buffer.concat([this.data, data]); this.#wake(); });
    this.socket.on('error', () => {});
    this.socket.on('close', () => { this.ended = true; this.#wake(); });
  }

  send(data) {
    this.socket.write(data);
  }

  close() {
    this.socket.destroy();
  }

  // What take() returns once it is not undefined; null at the end of the stream.
  async next(take) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = take();
      if (value !== undefined)
        return value;
      if (this.ended)
        return null;
      if (Date.now() > end)
        throw new Error(`nothing came within ${PATIENCE_MS} ms behind ${JSON.stringify(String(this.data).slice(0, 100))}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, end - Date.now() + 10);
        this.#wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  // {status, headers, body}, or null
  response() {
    return this.next(() => {
      const head = this.data.indexOf('\r\n\r\n');
      if (head < 0)
        return undefined;
      const [first, ...lines] = String(this.data.subarray(0, head)).split('\r\n');
      const headers = Object.fromEntries(lines.map((l) => l.split(/: */, 2)).map(([k, v]) => [k.toLowerCase(), v]));
      const status = Number(first.split(' ')[1]);
      const size = status === 101 || status === 204 ? 0 : Number(headers['content-length'] ?? 0);
      if (headers['transfer-encoding'] === 'chunked')
        return this.#chunks(head + 4, { status, headers });
      if (this.data.length < head + 4 + size)
        return undefined;
      const body = String(this.data.subarray(head + 4, head + 4 + size));
      this.data = this.data.subarray(head + 4 + size);
      return { status, headers, body };
    });
  }

  #chunks(from, response) {
    let body = '';
    for (let at = from; ;) {
      const end = this.data.indexOf('\r\n', at);
      if (end < 0)
        return undefined;
      const size = parseInt(String(this.data.subarray(at, end)), 16);
      if (this.data.length < end + 2 + size + 2)
        return undefined;
      body += String(this.data.subarray(end + 2, end + 2 + size));
      at = end + 2 + size + 2;
      if (size === 0) {
        this.data = this.data.subarray(at);
        return { ...response, body };
      }
    }
  }

  // {opcode, payload}, or null
  frame() {
    return this.next(() => {
      const d = this.data;
      if (d.length < 2)
        return undefined;
      let size = d[1] & 0x7f, head = 2;
      if (size === 126 && d.length >= 4)
        [size, head] = [d.readUInt16BE(2), 4];
      else if (size === 127 && d.length >= 10)
        [size, head] = [Number(d.readBigUInt64BE(2)), 10];
      else if (size >= 126)
        return undefined;
      if (d.length < head + size)
        return undefined;
      const frame = { opcode: d[0] & 0x0f, payload: d.subarray(head, head + size) };
      this.data = d.subarray(head + size);
      return frame;
    });
  }

  // @mask false: as no client may.
  sendFrame(opcode, payload, { mask = true } = {}) {
    const data = Buffer.from(payload);
    const bit = mask ? 0x80 : 0;
    let head;
    if (data.length <= 125) {
      head = Buffer.from([0x80 | opcode, bit | data.length]);
    } else if (data.length <= 65535) {
      head = Buffer.from([0x80 | opcode, bit | 126, 0, 0]);
      head.writeUInt16BE(data.length, 2);
    } else {
      head = Buffer.from([0x80 | opcode, bit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      head.writeBigUInt64BE(BigInt(data.length), 2);
    }
    // The key is 0: the payload stays as it is.
    this.send(Buffer.concat([head, Buffer.alloc(mask ? 4 : 0), data]));
  }
}

export const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

export function request(method, query, { headers = '', body, path = '/socket.io/' } = {}) {
  const size = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path}?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${size}\r\n${body ?? ''}`;
}

// One request on a connection of its own.
export async function ask(port, ...args) {
  const wire = new Wire(port);
  try {
    wire.send(request(...args));
    return await wire.response();
  } finally {
    wire.close();
  }
}
