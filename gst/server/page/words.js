// SPDX-License-Identifier: LGPL-2.1-or-later
// States and reasons in sentences.

const SIGNALLING = {
  connecting: 'Connecting to the server…',
  connected: 'Online',
  reconnecting: 'No server: trying again…',
  disconnected: 'Offline',
};

export function signalling({ state, refusal }) {
  return refusal && state !== 'connected' ? `Not let in: ${refusal}` : SIGNALLING[state];
}

// "Ann", "Ann and Bob", "Ann, Bob and Cara".
export function listed(names) {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

// What one call is about to do.
export function progress(call, asking) {
  const { name } = call.remote;
  if (call.weak || call.resuming)
    return `The connection to ${name} is interrupted…`;
  switch (call.state) {
    case 'calling': return asking ? 'Waiting for your camera and microphone…' : `Calling ${name}…`;
    case 'ringing': return call.role === 'caller' ? `Ringing at ${name}…` : `${name} is calling`;
    case 'connecting': return `Connecting to ${name}…`;
    default: return '';
  }
}

// How a call has ended.
export function ended({ role, reason, by, remote: { name }, since }) {
  const own = by === 'local';
  switch (reason) {
    case 'hung-up': return own ? `Call with ${name} ended.` : `${name} hung up.`;
    case 'declined': return own ? `You declined the call from ${name}.` : `${name} declined.`;
    case 'busy': return `${name} is in another call.`;
    case 'no-answer': return role === 'caller' ? `${name} did not answer.` : `You missed a call from ${name}.`;
    case 'cancelled': return own ? 'Call cancelled.' : `You missed a call from ${name}.`;
    case 'lost': return since ? `The connection to ${name} was lost.` : 'The connection to the server was lost.';
    case 'gone': return `${name} has left.`;
    default: return `No connection to ${name} could be made.`;
  }
}

export function minutes(ms) {
  const s = Math.floor(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}
