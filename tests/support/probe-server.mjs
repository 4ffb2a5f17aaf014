// SPDX-License-Identifier: LGPL-2.1-or-later
// A real socket.io server that does on request what a client has to bear.
//
//   node probe-server.mjs VERSION [OPTIONS]
//
// OPTIONS: JSON for the server's constructor. Prints one line of JSON with the
// port and ends when its standard input closes. A connection whose query or
// auth has the token "bad" is refused. Events it knows: `echo` (sent back),
// `ask` (asks with an acknowledgement and says `answered` when it comes),
// `binary` (sends two buffers, once with and once without an acknowledgement),
// `kick` (disconnects the socket), `drop` (destroys the connection), `who`
// (says what it knows of the client), `flood` (many small events in a row).
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const version = process.argv[2] ?? '4.8.4';
const options = JSON.parse(process.argv[3] ?? '{}');

const http = createServer((request, response) => {
  response.statusCode = 404;
  response.end('nothing here');
});
const server = require(`sio${version.replaceAll('.', '')}`);
const io = version.startsWith('2.') ? server(http, options) : new server.Server(http, options);

io.use((socket, next) => {
  const token = socket.handshake.auth?.token ?? socket.handshake.query.token;
  next(token === 'bad' ? new Error('this token is bad') : undefined);
});

io.on('connection', (socket) => {
  const { conn } = socket;
  socket.on('echo', (data) => socket.emit('echo', data));
  socket.on('ask', () => socket.emit('question', { x: 1 }, () => socket.emit('answered', {})));
  socket.on('binary', () => {
    socket.emit('bytes', Buffer.from([1, 2, 3]), Buffer.from([4]));
    socket.emit('bytes', { inside: Buffer.alloc(1000) }, () => socket.emit('answered', {}));
  });
  socket.on('kick', () => socket.disconnect());
  socket.on('drop', () => {
    conn.request.socket.destroy();
    conn.transport.socket?._socket?.destroy();
  });
  socket.on('who', () => socket.emit('who', {
    transport: conn.transport.name, name: socket.handshake.query.name, room: socket.handshake.query.room,
    auth: socket.handshake.auth?.name,
  }));
  socket.on('flood', ({ n }) => {
    for (let i = 0; i < n; i++)
      socket.emit('drip', { i, text: 'é€😀' });
  });
});

http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: http.address().port, version }));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdin.on('close', () => process.exit(0));
