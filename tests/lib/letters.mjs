// I speak with a broker on its bus, by hand, as a worker's thread or anybody
// else there would: one DEALER, which may also flood, or never read.
//
//   const dealer = await Dealer.open(path.join(stack.dir, 'bus.sock'));
//   const { outcome } = await dealer.ask(letter.deliver(stream.id, 'data'));
//
// Spec: doc/wire.txt; ZMTP 3.0 with the NULL mechanism (RFC 23)
import { randomBytes } from 'node:crypto';
import net from 'node:net';

export const OUTCOME = { OK: 1, EXPIRED: 4, NO_ROOM: 5, WELCOME: 7, OVER_QUOTA: 11, DELIVERED: 12, PARKED: 13 };
export const TOPIC = { TOOLS: 1, PROMPTS: 2, RESOURCES: 3, UPDATED: 4 };
const GREETING = 64; // bytes
const HEAD = 24; // of a letter
const ANSWER_MS = 15000;

const number = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const text = (value = '') => {
  const bytes = Buffer.from(value);
  const len = Buffer.alloc(4);
  len.writeUInt32BE(bytes.length);
  return Buffer.concat([len, bytes]);
};

// Questions: a kind and its fields.
export const letter = {
  hello: () => ({ kind: 1, fields: [...[process.pid, 0, 0, 0, 0, 0, 0].map(number), text(), text(), text()] }),
  deliver: (stream, data, event = 'message') => ({ kind: 3, fields: [text(stream), number(0), text(event), text(data)] }),
  broadcast: (topic, uri) => ({ kind: 6, fields: [number(topic), text(uri), text(), text()] }),
  cancel: (stream, request) => ({ kind: 10, fields: [text(stream), text(Buffer.alloc(16)), text(request)] }),
};

function greeting() {
  const bytes = Buffer.alloc(GREETING);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write('NULL', 12);
  return bytes;
}

function frame(flags, body) {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  return Buffer.concat([Buffer.from([flags | 2]), number(body.length), body]);
}

function property(name, value) {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), text(value)]);
}

export class Dealer {
  answers = []; // to what was sent and not asked
  #correlation = 0n;
  #waiting = new Map(); // by correlation
  #rest = Buffer.alloc(0);
  #socket;

  // thread 0 is the control socket of a process.
  static open(at, { thread = 1 } = {}) {
    const dealer = new Dealer();
    const route = Buffer.concat([Buffer.from('P'), randomBytes(8), Buffer.from([0, thread, 0])]);
    const ready = Buffer.concat([Buffer.from('\x05READY', 'latin1'), property('Socket-Type', 'DEALER'), property('Identity', route)]);
    return new Promise((resolve, reject) => {
      const socket = net.connect(at, () => socket.write(Buffer.concat([greeting(), frame(4, ready)])));
      dealer.#socket = socket;
      socket.on('error', reject);
      socket.on('data', (bytes) => {
        dealer.#rest = Buffer.concat([dealer.#rest, bytes]);
        dealer.#read(resolve);
      });
      socket.on('close', () => reject(new Error('the bus has hung up')));
      dealer.closed = new Promise((done) => socket.on('close', done));
    });
  }

  #greeted = false;

  #read(resolve) {
    if (!this.#greeted && this.#rest.length >= GREETING) {
      this.#greeted = true;
      this.#rest = this.#rest.subarray(GREETING);
    }
    while (this.#greeted && this.#rest.length >= 2) {
      const [flags] = this.#rest;
      const head = flags & 2 ? 9 : 2;
      if (this.#rest.length < head) return;
      const len = flags & 2 ? Number(this.#rest.readBigUInt64BE(1)) : this.#rest[1];
      if (this.#rest.length < head + len) return;
      const body = this.#rest.subarray(head, head + len);
      this.#rest = this.#rest.subarray(head + len);
      if (flags & 4) resolve(this);
      else this.#hear(body);
    }
  }

  #hear(body) {
    const heard = { kind: body[1], outcome: body[2], correlation: body.readBigUInt64BE(8), fields: body.subarray(HEAD) };
    const wake = heard.outcome === 0 ? undefined : this.#waiting.get(heard.correlation);
    this.#waiting.delete(heard.correlation);
    if (wake) wake(heard);
    else this.answers.push(heard);
  }

  // Without waiting for an answer. -> its correlation
  send({ kind, fields }, { ms = 10000 } = {}) {
    const correlation = ++this.#correlation;
    const deadline = process.hrtime.bigint() + BigInt(ms) * 1000000n;
    const head = Buffer.from([1, kind, 0, 0, 0, 0, 0, 0]);
    this.#socket.write(frame(0, Buffer.concat([head, number(correlation), number(deadline), ...fields])));
    return correlation;
  }

  // -> the answer, which comes unless more than a thousand wait to be read
  ask(question, options) {
    const correlation = this.send(question, options);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to letter ${correlation} within ${ANSWER_MS} ms`)), ANSWER_MS);
      this.#waiting.set(correlation, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  // Bytes that the other side has not let us send yet.
  get unsent() {
    return this.#socket.writableLength;
  }

  // From now on nothing is read.
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  close() {
    this.#socket.destroy();
    return this.closed;
  }
}
