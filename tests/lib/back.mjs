// I am a back end that remembers what it was asked.
//
//   const back = await Back.start({ after });
//   back.on('/clients', (asked, res) => res.end('…'));
//   back.asked.at(-1) // { method, url, raw, headers, body, connection }
//
// What no route begins with is answered by {"ok":true}. It ends with the test.
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';

export class Back {
  asked = [];
  connections = 0; // ever opened
  #routes = [];
  #server;
  #sockets = new Set();
  #waiters = [];

  // tls: options of https; listen: what its listen() takes, a free port of
  // 127.0.0.1 if nothing is said.
  static async start(owner, { tls, listen = { port: 0, host: '127.0.0.1' } } = {}) {
    const back = new Back();
    back.tls = tls;
    await back.listen(listen);
    owner.after(() => back.close());
    return back;
  }

  async listen(listen) {
    const answer = (req, res) => this.#hear(req, res);
    this.#server = this.tls ? https.createServer(this.tls, answer) : http.createServer(answer);
    this.#server.keepAliveTimeout = 60000;
    this.#server.on(this.tls ? 'secureConnection' : 'connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {}); // who is cut off says so
    });
    await new Promise((resolve, reject) => this.#server.on('error', reject).listen(listen, resolve));
    this.port = this.#server.address().port;
  }

  get url() {
    return `${this.tls ? 'https' : 'http'}://${this.tls ? 'localhost' : '127.0.0.1'}:${this.port}`;
  }

  on(prefix, answer) {
    this.#routes.unshift({ prefix, answer });
  }

  async #hear(req, res) {
    const pieces = [];
    const asked = { method: req.method, url: req.url, raw: req.rawHeaders, headers: req.headers, connection: req.socket };
    asked.left = new Promise((resolve) => req.socket.on('close', resolve));
    try {
      for await (const piece of req) pieces.push(piece);
    } catch {
      return; // it left before it had said all
    }
    asked.body = Buffer.concat(pieces);
    this.asked.push(asked);
    for (const wake of this.#waiters.splice(0)) wake(asked);
    const route = this.#routes.find(({ prefix }) => req.url.startsWith(prefix));
    if (route) return route.answer(asked, res);
    res.setHeader('Content-Type', 'application/json');
    res.end('{"ok":true}');
  }

  // -> the next it is asked
  next() {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  of(prefix) {
    return this.asked.filter((one) => one.url.startsWith(prefix));
  }

  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.socket) fs.rmSync(this.socket, { force: true });
  }
}

// What a query or a form says, byte for byte; decoded by hand, for what is
// looked at must not be forgiven.
export function pairsOf(text) {
  if (text === '') return [];
  return text.split('&').map((pair) => pair.split('=').map((one) => decodeURIComponent(one)));
}

export const queryOf = (url) => pairsOf(url.split('?')[1] ?? '');

// The values of a header, as they came; latin1 is what the bytes were.
export function headerOf(asked, name) {
  const values = [];
  for (let i = 0; i < asked.raw.length; i += 2) {
    if (asked.raw[i].toLowerCase() === name.toLowerCase()) values.push(Buffer.from(asked.raw[i + 1], 'latin1').toString());
  }
  return values;
}
