// SPDX-License-Identifier: LGPL-2.1-or-later
// Behaves as the tutorial's page does, written anew: ONE peer connection for
// everything, offers and answers sent at once without candidates, a second
// call after the first answer (once, a flag remembers), no hang-up.
//
// ?media=both|audio|video|none   what it asks for
// ?late=MS                       how long the permission takes
//
// What tests look at: li[data-user-id], body[data-own-id], body[data-calls]
// (offers sent), body[data-media] once there is media.
'use strict';

const query = new URLSearchParams(location.search);
const wants = query.get('media') || 'both';
const peerConnection = new RTCPeerConnection();
const socket = io.connect(location.origin);
let calledAgain = false;
let calls = 0;

window.tutorial = { peerConnection, socket };

async function call(id) {
  const offer = await peerConnection.createOffer();
  await peerConnection.setLocalDescription(new RTCSessionDescription(offer));
  document.body.dataset.calls = ++calls;
  socket.emit('call-user', { offer, to: id });
}

socket.on('connect', () => { document.body.dataset.ownId = socket.id; });

socket.on('update-user-list', ({ users }) => {
  for (const id of users) {
    if (document.querySelector(`li[data-user-id="${CSS.escape(id)}"]`))
      continue;
    const item = document.createElement('li');
    item.dataset.userId = id;
    item.textContent = `Socket: ${id}`;
    item.addEventListener('click', () => call(id));
    document.getElementById('users').append(item);
  }
});

socket.on('remove-user', ({ socketId }) => {
  document.querySelector(`li[data-user-id="${CSS.escape(socketId)}"]`)?.remove();
});

socket.on('call-made', async (data) => {
  await peerConnection.setRemoteDescription(new RTCSessionDescription(data.offer));
  const answer = await peerConnection.createAnswer();
  await peerConnection.setLocalDescription(new RTCSessionDescription(answer));
  socket.emit('make-answer', { answer, to: data.socket });
});

socket.on('answer-made', async (data) => {
  await peerConnection.setRemoteDescription(new RTCSessionDescription(data.answer));
  if (!calledAgain) {
    calledAgain = true;
    call(data.socket);
  }
});

peerConnection.ontrack = ({ streams: [stream] }) => {
  document.getElementById('remote').srcObject = stream;
};

function useMedia(stream) {
  document.getElementById('local').srcObject = stream;
  stream.getTracks().forEach((track) => peerConnection.addTrack(track, stream));
  document.body.dataset.media = stream.getTracks().map((track) => track.kind).sort().join(' ');
}

if (wants !== 'none') {
  setTimeout(() => {
    navigator.mediaDevices.getUserMedia({
      audio: wants !== 'video', video: wants !== 'audio',
    }).then(useMedia, (error) => console.warn(error.message));
  }, Number(query.get('late') || 0));
}
