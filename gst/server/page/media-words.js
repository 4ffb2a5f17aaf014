// SPDX-License-Identifier: LGPL-2.1-or-later
// What is missing of camera and microphone, in one sentence.

const DEVICE = { audio: 'microphone', video: 'camera' };
const WHY = {
  InsecureContext: ['the page needs HTTPS or localhost for it', false],
  NotAllowedError: ['this page has no permission for it', true],
  NotFoundError: ['none was found', true],
  NotReadableError: ['another program is using it', true],
  Unplugged: ['it was unplugged', true],
};

// @missing: {kind: name of the error}. The sentence, and whether trying again
// may help.
export function explain(missing) {
  const kinds = Object.keys(DEVICE).filter((kind) => missing[kind]);
  if (!kinds.length)
    return ['', false];
  const why = (kind) => WHY[missing[kind]] ?? ['it could not be started', true];
  const retry = kinds.some((kind) => why(kind)[1]);
  const same = kinds.length === 2 && missing.audio === missing.video;
  if (same)
    return [`No camera or microphone: ${why('audio')[0].replace(/\bit\b/, 'them')}. You can still watch and listen.`, retry];
  if (kinds.length === 2)
    return [`No camera (${why('video')[0]}) and no microphone (${why('audio')[0]}). You can still watch and listen.`, retry];
  const [kind] = kinds;
  const effect = kind === 'video' ? 'Others hear you but do not see you.' : 'Others see you but do not hear you.';
  return [`No ${DEVICE[kind]}: ${why(kind)[0]}. ${effect}`, retry];
}
