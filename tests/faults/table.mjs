// SPDX-License-Identifier: LGPL-2.1-or-later
// What was seen, in the words of docs/faults.md.
const seconds = (s) => `${s.toFixed(1)} s`;

// A gap below this is nothing that a user sees.
const SEEN = 0.7;

function gapsOf({ gaps: [picture, tone] }) {
  const parts = [[picture, 'picture'], [tone, 'sound']].filter(([gap]) => gap > SEEN).map(([gap, what]) => `no ${what} for ${seconds(gap)}`);
  return parts.length ? parts.join(', ') : 'nothing';
}

// The states between, each once with its time, unless that is what the end says.
function statesOf({ events }) {
  const told = [];
  let signalling = null;
  for (const e of events) {
    if (e.signalling && e.signalling === signalling)
      continue;
    signalling = e.signalling ?? signalling;
    if (e.signalling)
      told.push([`server ${e.signalling}`, e.after]);
    else if (e.call && !['idle', 'ending'].includes(e.call) && (e.words ?? e.call) && !/^In a call/.test(e.words ?? ''))
      told.push([e.words ? `“${e.words}”` : e.call, e.after]);
    else if (e.error)
      told.push([`error: ${e.error}`, e.after]);
  }
  return told.map(([what, after]) => `${what} (${seconds(after)})`);
}

function sees(row, side) {
  if (row.killed === side)
    return '–';
  const seen = row.seen[side];
  const end = seen.end && `the call ends after ${seconds(seen.end.after)}: ${seen.end.why}`;
  return [end ?? gapsOf(seen), ...statesOf(seen)].join('; ');
}

function outcome({ killed, seen: { caller, callee } }) {
  const both = [caller, callee];
  if (killed || both.every((s) => s.end))
    return 'no';
  if (both.some((s) => s.end))
    return 'ended at one side only';
  if (both.some((s) => s.back === null))
    return 'no media';
  const late = Math.max(...both.map((s) => s.back));
  return late < SEEN ? 'yes' : `yes, ${seconds(late)} after`;
}

function told({ bye }) {
  return bye === undefined ? '–' : bye === null ? 'not told' : `${bye.why}, ${seconds(bye.after)}`;
}

export const line = (row) => `| ${[row.name, row.side, sees(row, 'caller'), sees(row, 'callee'), outcome(row), told(row),
  row.good ? 'as wanted' : '**not yet**'].join(' | ')} |`;

export function table(rows, order) {
  const place = (row) => order.indexOf(row.name);
  const kinds = ['ours', 'Chromium', 'Firefox'];
  const sorted = [...rows].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || place(a) - place(b) || (a.side < b.side ? 1 : -1));
  return kinds.filter((kind) => rows.some((row) => row.kind === kind)).map((kind) => [
    `### Ours with ${kind}`, '',
    '| fault | hits | the caller sees | the callee sees | back | hang-up | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...sorted.filter((row) => row.kind === kind).map(line),
    '',
  ].join('\n')).join('\n');
}
