// SPDX-License-Identifier: LGPL-2.1-or-later
// The figures of a server that has --metrics=127.0.0.1:0.
import { check, equal, until } from '../support/harness.mjs';

// {name: value} of what /metrics says.
export async function metrics(server) {
  const port = await until(() => server.child.lines.map((l) => /metrics at port (\d+)/.exec(l)?.[1]).find(Boolean),
    'the port of the metrics');
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  equal(response.status, 200, 'status');
  const text = await response.text();
  const values = {};
  for (const line of text.split('\n').filter((l) => l && !l.startsWith('#'))) {
    const [, name, value] = /^([a-z_]+(?:\{[a-z]+="[a-z]+"\})?) (\d+(?:\.\d+)?)$/.exec(line) ?? [];
    check(name, `a line of Prometheus, not ${line}`);
    check(new RegExp(`^# TYPE ${name.split('{')[0]} (counter|gauge)$`, 'm').test(text), `the type of ${name}`);
    check(text.includes(`# HELP ${name.split('{')[0]} `), `the help of ${name}`);
    values[name] = Number(value);
  }
  return { port, values };
}
