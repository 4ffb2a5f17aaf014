// SPDX-License-Identifier: LGPL-2.1-or-later
// What the figures were measured on and with.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

function first(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0].trim();
  } catch {
    return `${command}: not there`;
  }
}

export function machine(build) {
  const cpus = os.cpus();
  let type = '?';
  try {
    const info = JSON.parse(fs.readFileSync(`${build}/meson-info/intro-buildoptions.json`, 'utf8'));
    type = info.find(o => o.name === 'buildtype').value;
  } catch { /* not built with meson */ }
  return `Measured with ${cpus.length} shared cores (${cpus[0].model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release().split('-')[0]}, `
    + `${first('gst-inspect-1.0', ['--version']).replace(' version', '').replace('gst-inspect-1.0', 'GStreamer')}, `
    + `${first('chromium', ['--version']).replace(/ built.*/, '')}, ${first('firefox-esr', ['--version'])}, `
    + `Node ${process.version.slice(1)}; build type ${type}. Load average when it began: ${os.loadavg()[0].toFixed(1)}.`;
}
