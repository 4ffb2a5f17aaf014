// SPDX-License-Identifier: LGPL-2.1-or-later
// A soft bell while somebody calls. Where the browser allows no sound yet, or
// has none, it stays silent.

export class Ring {
  #context = null;
  #timer = 0;

  set(on) {
    if (on && !this.#timer) {
      this.#strike();
      this.#timer = setInterval(() => this.#strike(), 2400);
    } else if (!on && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = 0;
      if (!this.#context)
        return;
      this.#context.close();
      this.#context = null;
      navigator.vibrate?.(0);
    }
  }

  #strike() {
    // Both complain in the console where nobody has touched the page yet.
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive)
      return;
    navigator.vibrate?.([200, 120, 200]);
    this.#context ??= new AudioContext();
    [[0, 660], [0.18, 880]].forEach(([delay, hz]) => this.#tone(delay, hz));
  }

  #tone(delay, hz) {
    const start = this.#context.currentTime + delay;
    const gain = new GainNode(this.#context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.12, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
    const tone = new OscillatorNode(this.#context, { frequency: hz });
    tone.connect(gain).connect(this.#context.destination);
    tone.start(start);
    tone.stop(start + 1);
  }
}
