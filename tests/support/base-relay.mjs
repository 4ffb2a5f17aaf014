// SPDX-License-Identifier: LGPL-2.1-or-later
// A real socket.io server with the base relay in it and nothing else.
//
//   node base-relay.mjs VERSION [--page=FOLDER] [--literal] [--rooms]
//
// VERSION: 2.3.0, 2.5.1, 3.1.2 or 4.8.4. Prints one line of JSON with the port
// and ends when its standard input closes. /tutorial/ is a page that behaves
// as the tutorial's, with this version's own client; --page serves a folder
// at /. --literal relays everything twice, as a server does that registers
// its connection handler twice. --rooms keeps users apart by `room` in the query.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const require = createRequire(import.meta.url);
const version = process.argv[2] ?? '4.8.4';
const folder = process.argv.find((a) => a.startsWith('--page='))?.slice(7);
const times = process.argv.includes('--literal') ? 2 : 1;

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml',
};
// As strict as the one of gst-chat-server, so that a page that breaks it fails here too.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
  + "media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TUTORIAL = path.join(path.dirname(fileURLToPath(import.meta.url)), 'tutorial-page');

const http = createServer(async (request, response) => {
  const name = new URL(request.url, 'http://x').pathname;
  const tutorial = name.startsWith('/tutorial/');
  const file = path.normalize(`${tutorial ? name.slice(9) : name}${name.endsWith('/') ? 'index.html' : ''}`);
  try {
    const body = await readFile(path.join(tutorial ? TUTORIAL : folder ?? '/nowhere', file));
    response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    if (!tutorial)
      response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Cache-Control', 'no-store');
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end();
  }
});

const server = require(`sio${version.replaceAll('.', '')}`);
const io = version.startsWith('2.') ? server(http) : new server.Server(http);

const apart = process.argv.includes('--rooms');
const rooms = new Map([['', new Set()]]);

function connected(socket) {
  const room = apart ? socket.handshake.query.room ?? '' : '';
  const others = () => room ? socket.to(`room ${room}`) : socket.broadcast;
  if (room)
    socket.join(`room ${room}`);
  if (!rooms.has(room))
    rooms.set(room, new Set());
  const online = rooms.get(room);
  socket.emit('update-user-list', { users: [...online].filter((id) => id !== socket.id) });
  others().emit('update-user-list', { users: [socket.id] });
  online.add(socket.id);
  socket.on('call-user', (data) => socket.to(data.to)
    .emit('call-made', { offer: data.offer, socket: socket.id }));
  socket.on('make-answer', (data) => socket.to(data.to)
    .emit('answer-made', { socket: socket.id, answer: data.answer }));
  socket.on('disconnect', () => {
    online.delete(socket.id);
    if (room && !online.size)
      rooms.delete(room);
    others().emit('remove-user', { socketId: socket.id });
  });
}

for (let n = 0; n < times; n++)
  io.on('connection', connected);

http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: http.address().port, version }));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdin.on('close', () => process.exit(0));
