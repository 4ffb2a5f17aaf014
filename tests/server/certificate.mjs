// SPDX-License-Identifier: LGPL-2.1-or-later
// What a server with TLS is started with.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// A certificate for this machine, and its key: {cert, key, ca}.
export function makeCertificate(t, name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chat-tls-'));
  t.defer(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', key, '-out', cert, '-days', '1', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
  return { folder, cert, key, ca: readFileSync(cert) };
}

// Options of gst-chat-server.
export const certificateOptions = ({ cert, key }) => [`--tls-cert=${cert}`, `--tls-key=${key}`];

export const secureUrl = (server) => `https://127.0.0.1:${server.port}`;
