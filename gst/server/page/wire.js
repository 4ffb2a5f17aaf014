// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes from remotes, as it may be used: they may say anything. And the
// names that calls and groups have among themselves.

const LONGEST_ID = 128;
const LONGEST_SDP = 256 * 1024;
const LONGEST_NAME = 64;
const LONGEST_CANDIDATE = 512;
// A call of several has no more people than this, oneself among them.
export const MOST_PEOPLE = 6;

export const isId = (id) => typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID;

const text = (value, most) => (typeof value === 'string' && value.length <= most ? value : undefined);

export function nameFrom(value) {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME) : '';
}

// 128 random bits.
export function secret() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

const isSecret = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

// An offer or answer, or null.
export function descriptionFrom(value) {
  const { sdp, chat } = value ?? {};
  if (typeof sdp !== 'string' || sdp.length > LONGEST_SDP)
    return null;
  return chat && typeof chat === 'object' ? { sdp, chat: chatFrom(chat) } : { sdp };
}

function chatFrom(chat) {
  return {
    session: text(chat.session, 64),
    name: nameFrom(chat.name),
    seq: Number(chat.seq) || 1,
    trickle: chat.trickle === true,
    group: isSecret(chat.group) ? chat.group : undefined,
    members: Array.isArray(chat.members) ? chat.members.filter(isId).slice(0, MOST_PEOPLE) : [],
  };
}

// For addIceCandidate(): an object, null for the end, undefined for nonsense.
export function candidateFrom(value) {
  if (value === null)
    return null;
  const candidate = text(value?.candidate, LONGEST_CANDIDATE);
  if (candidate === undefined)
    return undefined;
  return { candidate, sdpMid: text(value.sdpMid, 64) ?? null,
    sdpMLineIndex: Number.isInteger(value.sdpMLineIndex) ? value.sdpMLineIndex : 0 };
}

// What the remote sends at the moment.
export function mediaFrom({ audio, video, screen }) {
  return { audio: audio === true, video: video === true, screen: screen === true };
}
