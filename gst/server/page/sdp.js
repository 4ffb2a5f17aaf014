// SPDX-License-Identifier: LGPL-2.1-or-later
// The little that the page has to read in a session description.

export const countCandidates = (sdp) => sdp.split('a=candidate:').length - 1;

// Whether another transport speaks: other credentials and another certificate.
export function isOther(sdp, before) {
  const values = (text, name) => text.split(/\r?\n/).filter((l) => l.startsWith(`a=${name}:`));
  const shares = (name) => values(sdp, name).some((line) => values(before, name).includes(line));
  return values(sdp, 'fingerprint').length > 0 && values(before, 'fingerprint').length > 0
    && !shares('fingerprint') && !shares('ice-ufrag');
}
