// SPDX-License-Identifier: LGPL-2.1-or-later
// Medians, ratios of pairs, and Markdown tables.

export function median(values) {
  const v = [...values].sort((a, b) => a - b);
  if (!v.length) return NaN;
  const m = v.length >> 1;
  return v.length % 2 ? v[m] : (v[m - 1] + v[m]) / 2;
}

export const min = values => Math.min(...values);
export const max = values => Math.max(...values);

// The median of what each pair's second is to its first.
export const pairRatio = pairs => median(pairs.map(([base, other]) => other / base));

const fixed = (x, digits) => Number.isFinite(x) ? x.toFixed(digits) : '–';
// "median (min–max)"
export const spread = (values, digits = 0) => values.length
  ? `${fixed(median(values), digits)} (${fixed(min(values), digits)}–${fixed(max(values), digits)})`
  : '–';
export const number = fixed;
export const percent = (ratio, digits = 1) =>
  Number.isFinite(ratio) ? `${ratio >= 1 ? '+' : '−'}${Math.abs((ratio - 1) * 100).toFixed(digits)} %` : '–';

// The first column to the left, figures to the right.
export function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => i ? '---:' : '---')), ...rows.map(line)].join('\n');
}
