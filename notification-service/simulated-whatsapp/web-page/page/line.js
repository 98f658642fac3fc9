/** The page's line to the simulated network: events by themselves, answers to questions, and what is lost. */
export class Line {
  #socket = null;
  #asked = 0;
  #waiting = new Map();

  constructor(on) {
    this.on = on;
  }

  /** Dials and says hello; `on.lost` is called when the line breaks, or when nobody answered. */
  dial(hello) {
    this.hangUp();
    const socket = new WebSocket('wss://web.whatsapp.com/device');
    this.#socket = socket;
    socket.onopen = () => this.write({ op: 'hello', ...hello });
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      const frame = JSON.parse(data);
      if ('re' in frame) this.#answered(frame);
      else this.on.event(frame);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#waiting.clear();
      this.on.lost();
    };
  }

  write(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  /** Resolves with the value; rejects with the network's reason as `code`. Never settles when nobody answers. */
  ask(frame) {
    const req = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(req, { resolve, reject });
      this.write({ ...frame, req });
    });
  }

  hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    this.#waiting.clear();
    socket?.close();
  }

  #answered({ re, ok, value, error, sentence }) {
    const question = this.#waiting.get(re);
    this.#waiting.delete(re);
    if (ok) question?.resolve(value);
    else question?.reject(Object.assign(new Error(sentence), { code: error }));
  }
}
