// SPDX-License-Identifier: LGPL-2.1-or-later
// A proxy of the kind that knows HTTP and nothing else: WebSockets end in it.
import { createServer, request } from 'node:http';

// Returns the address that stands for @target.
export async function startProxy(t, target) {
  const { hostname, port } = new URL(target);
  let refused = 0;
  const proxy = createServer((from, to) => {
    const onward = request({ hostname, port, path: from.url, method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
    });
    onward.on('error', () => to.destroy());
    to.on('close', () => onward.destroy());
    from.pipe(onward);
  });
  proxy.on('upgrade', (_, socket) => {
    refused++;
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  t.defer(() => { proxy.closeAllConnections(); proxy.close(); });
  return { url: `http://127.0.0.1:${proxy.address().port}`, refused: () => refused };
}
