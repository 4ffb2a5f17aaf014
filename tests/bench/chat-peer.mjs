// SPDX-License-Identifier: LGPL-2.1-or-later
// A chatpeer in a process of its own (peer-call), and when what happened in it.
import { Program } from './program.mjs';

export class ChatPeer {
  static async open(ctx, server, name, { latency, room } = {}) {
    const peer = new ChatPeer();
    const args = ['--uri', server.replace(/^http/, 'chat'), '--name', name];
    if (latency !== undefined) args.push('--latency', `${latency}`);
    if (room !== undefined) args.push('--room', room);
    peer.program = new Program(ctx.program('peer-call'), args, { env: ctx.env });
    peer.from = 0;
    try {
      peer.id = (await peer.#line(l => l.received === 'signalling-connected', 'being online')).id;
    } catch (e) {
      await peer.close();
      throw e;
    }
    return peer;
  }

  #line(match, what, ms = 20000) {
    return this.program.line(match, what, { from: this.from, seconds: ms / 1000 });
  }

  // Forgets what was before.
  reset() {
    this.from = this.program.lines.length;
  }

  call(id) {
    this.program.send(`call ${id}`);
  }

  // ms since the call began here (call-made received, or the action): each
  // step, and the first decoded frames.
  async times() {
    const video = await this.#line(l => l.first === 'video', 'a first frame');
    const audio = await this.#line(l => l.first === 'audio', 'first sound');
    const lines = this.program.lines.slice(this.from);
    const at = (key, value) => lines.find(l => l[key] === value)?.at;
    const begin = at('action', 'call') ?? at('received', 'call-made');
    const since = t => t === undefined ? null : (t - begin) / 1000;
    return {
      video: since(video.at),
      audio: since(audio.at),
      offered: since(at('sent', 'call-user')),
      answered: since(at('sent', 'make-answer') ?? at('received', 'answer-made')),
      connected: since(at('state', 'connected')),
    };
  }

  async end() {
    this.program.send('hang-up');
    return this.idle();
  }

  async idle() {
    await this.#line(l => l.state === 'idle', 'being idle');
  }

  async close() {
    const end = await this.program.stop();
    if (end.code !== 0) throw new Error(`${this.program.name} ended with ${JSON.stringify(end)}\n${this.program.stderr}`);
  }
}
