// I read an event stream, and know when each event came.
import http from 'node:http';
import { place } from './http.mjs';

// Bytes in, events out: { event, data, id, retry } or { comment }.
export class SseParser {
  #rest = '';
  #event = {};
  #decoder = new TextDecoder();

  feed(bytes) {
    const found = [];
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    let match;
    while ((match = /\r\n|\n|\r(?!$)/.exec(this.#rest))) {
      const line = this.#rest.slice(0, match.index);
      this.#rest = this.#rest.slice(match.index + match[0].length);
      this.#line(line, found);
    }
    return found;
  }

  #line(line, found) {
    if (line === '') {
      if (Object.keys(this.#event).length) found.push(this.#event);
      this.#event = {};
      return;
    }
    if (line.startsWith(':')) {
      found.push({ comment: line.slice(1).trim() });
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this.#event.data = this.#event.data === undefined ? value : `${this.#event.data}\n${value}`;
    } else {
      this.#event[field] = value;
    }
  }
}

// What waits for one of many things that come one after another.
export class Arrivals {
  all = []; // every one, with .at in milliseconds
  #taken = 0; // next() has looked at these
  #waiters = [];
  #over = null;

  push(thing) {
    this.all.push({ ...thing, at: performance.now() });
    this.#wake();
  }

  end(reason) {
    this.#over ??= reason;
    this.#wake();
  }

  get over() {
    return this.#over;
  }

  #wake() {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  // The next one (after those already taken) that fits; those before it are
  // passed over. predicate: a function, or the name of an event.
  async next(predicate = () => true, timeout = 5000) {
    const fits = typeof predicate === 'string' ? (one) => one.event === predicate : predicate;
    const until = performance.now() + timeout;
    for (;;) {
      while (this.#taken < this.all.length) {
        const one = this.all[this.#taken++];
        if (fits(one)) return one;
      }
      if (this.#over) throw new Error(`the stream is over (${this.#over}); it had ${this.#seen()}`);
      const left = until - performance.now();
      if (left <= 0) throw new Error(`nothing fitting within ${timeout} ms; there was ${this.#seen()}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #seen() {
    return JSON.stringify(this.all.map(({ at, ...rest }) => rest)).slice(0, 2000);
  }
}

// One open stream, or an answer that turned out to be none (see .status).
export class SseStream {
  events = new Arrivals();
  #req;
  #res;
  #body = [];

  constructor(req, res) {
    this.#req = req;
    this.#res = res;
    this.status = res.statusCode;
    this.headers = res.headers;
    const parser = new SseParser();
    res.on('data', (bytes) => {
      this.#body.push(bytes);
      if (this.isStream) for (const one of parser.feed(bytes)) this.events.push(one);
    });
    this.ended = new Promise((resolve) => {
      const over = (reason) => {
        this.events.end(reason);
        resolve(reason);
      };
      res.on('end', () => over('end'));
      res.on('error', (error) => over(error.code ?? error.message));
      res.on('close', () => over('closed'));
    });
  }

  get isStream() {
    return this.status === 200 && /^text\/event-stream/.test(this.headers['content-type'] ?? '');
  }

  // what came, as text
  get text() {
    return Buffer.concat(this.#body).toString('utf8');
  }

  // -> the next fitting event, with .json where its data is JSON
  async next(predicate, timeout) {
    const one = await this.events.next(predicate, timeout);
    try {
      one.json = JSON.parse(one.data);
    } catch {
      // data need not be JSON
    }
    return one;
  }

  pause() {
    this.#res.pause();
  }

  resume() {
    this.#res.resume();
  }

  close() {
    this.#req.destroy();
    return this.ended;
  }
}

// Opens a stream and returns once its head is there.
export function openStream(target, { method = 'GET', headers = {}, body, timeout = 10000 } = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      agent: false,
      headers: { Accept: 'text/event-stream', ...headers },
      ...place(target),
    };
    if (body !== undefined) options.headers['Content-Length'] = Buffer.byteLength(body);
    const req = http.request(options);
    const timer = setTimeout(() => req.destroy(new Error(`no head within ${timeout} ms`)), timeout);
    req.on('response', (res) => {
      clearTimeout(timer);
      resolve(new SseStream(req, res));
    });
    req.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    req.end(body);
  });
}
