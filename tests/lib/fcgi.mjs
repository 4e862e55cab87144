// I am a web server's double: I speak FastCGI with a worker, on one connection.
//
//   const worker = await FcgiConnection.open(site.workerSocket);
//   const answer = await worker.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }).answer;
//   answer.status, answer.headers, answer.json
//
// Requests follow each other on the kept connection, as nginx has it.
import net from 'node:net';
import { Arrivals, SseParser } from './sse.mjs';

const BEGIN = 1;
const ABORT = 2;
const END = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const STDERR = 7;
const RESPONDER = 1;
const KEEP = 1;
const ID = 1; // libfcgi has no multiplexing: one request at a time

function record(type, content) {
  const head = Buffer.alloc(8);
  head[0] = 1;
  head[1] = type;
  head.writeUInt16BE(ID, 2);
  head.writeUInt16BE(content.length, 4);
  return Buffer.concat([head, content]);
}

// A stream of records, and the empty one that ends it.
function records(type, content) {
  const all = [];
  for (let at = 0; at < content.length; at += 65528) all.push(record(type, content.subarray(at, at + 65528)));
  all.push(record(type, Buffer.alloc(0)));
  return Buffer.concat(all);
}

function length(n) {
  if (n < 128) return Buffer.from([n]);
  const four = Buffer.alloc(4);
  four.writeUInt32BE(n + 0x80000000);
  return four;
}

export function encodeParams(pairs) {
  const all = [];
  for (const [name, value] of pairs) {
    const n = Buffer.from(name);
    const v = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
    all.push(length(n.length), length(v.length), n, v);
  }
  return Buffer.concat(all);
}

// What web servers send, and more than proxy-configs/nginx/worker.conf does.
// headers: an object, or pairs where one is to come twice.
export function paramsOf(method, uri, headers, bodyLength, more = {}) {
  const [path, query = ''] = uri.split('?');
  const pairs = Object.entries({
    MCP_USER: '',
    REMOTE_USER: '',
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_PORT: '40000',
    SERVER_ADDR: '127.0.0.1',
    SERVER_PORT: '80',
    SERVER_NAME: 'localhost',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'nginx',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_SCHEME: 'http',
    REQUEST_METHOD: method,
    REQUEST_URI: uri,
    DOCUMENT_URI: path,
    SCRIPT_NAME: path,
    QUERY_STRING: query,
    CONTENT_TYPE: '',
    CONTENT_LENGTH: bodyLength || '',
    HTTP_PROXY: '',
    ...more,
  });
  const given = Array.isArray(headers) ? headers : Object.entries(headers);
  if (!given.some(([name]) => name.toLowerCase() === 'host')) pairs.push(['HTTP_HOST', 'localhost']);
  for (const [name, value] of given) {
    const key = name.toUpperCase().replaceAll('-', '_');
    if (key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH') {
      const at = pairs.findIndex(([known]) => known === key);
      pairs[at] = [key, value];
    }
    pairs.push([`HTTP_${key}`, value]);
  }
  return pairs;
}

// One request under way. head, answer: promises; events: as they come, where
// the answer is a stream (see Arrivals.next).
class FcgiRequest {
  events = new Arrivals();
  stderr = '';
  #out = Buffer.alloc(0);
  #bodyAt = -1;
  #parser = null;
  #settle = {};

  constructor(connection) {
    this.connection = connection;
    for (const name of ['head', 'answer']) {
      this[name] = new Promise((resolve, reject) => {
        this.#settle[name] = { resolve, reject };
      });
      this[name].catch(() => {}); // whoever awaits it sees it
    }
  }

  stdout(bytes) {
    this.#out = Buffer.concat([this.#out, bytes]);
    if (this.#bodyAt < 0) bytes = this.#readHead();
    if (this.#parser && bytes) for (const one of this.#parser.feed(bytes)) this.events.push(one);
  }

  // -> what came of the body with it; undefined while it is not whole
  #readHead() {
    const at = this.#out.indexOf('\r\n\r\n');
    if (at < 0) return undefined;
    this.#bodyAt = at + 4;
    const headers = {};
    for (const line of this.#out.subarray(0, at).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    this.status = Number((headers.status ?? '200').slice(0, 3));
    this.headers = headers;
    if (/^text\/event-stream/.test(headers['content-type'] ?? '')) this.#parser = new SseParser();
    this.#settle.head.resolve({ status: this.status, headers });
    return this.#out.subarray(this.#bodyAt);
  }

  end(appStatus) {
    if (this.#bodyAt < 0) {
      this.fail(new Error(`the answer has no head: ${JSON.stringify(this.#out.toString('utf8'))}; ${this.stderr}`));
      return;
    }
    const text = this.#out.subarray(this.#bodyAt).toString('utf8');
    const answer = { status: this.status, headers: this.headers, text, appStatus };
    try {
      answer.json = JSON.parse(text);
    } catch {
      // not JSON: the caller looks at text
    }
    this.events.end('end');
    this.#settle.answer.resolve(answer);
  }

  fail(error) {
    this.events.end(error.message);
    this.#settle.head.reject(error);
    this.#settle.answer.reject(error);
  }

  next(predicate, timeout) {
    return this.events.next(predicate, timeout).then((one) => {
      try {
        one.json = JSON.parse(one.data);
      } catch {
        // data need not be JSON
      }
      return one;
    });
  }

  abort() {
    this.connection.write(record(ABORT, Buffer.alloc(0)));
  }
}

export class FcgiConnection {
  #socket;
  #rest = Buffer.alloc(0);
  #current = null;

  // Resolves when connected.
  static async open(path) {
    const socket = net.connect({ path });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new FcgiConnection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#data(bytes));
    socket.on('error', (error) => this.#current?.fail(error));
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('close', () => this.#current?.fail(new Error('the worker closed the connection')));
  }

  #data(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 8) {
      const size = this.#rest.readUInt16BE(4);
      const whole = 8 + size + this.#rest[6];
      if (this.#rest.length < whole) return;
      const type = this.#rest[1];
      const content = this.#rest.subarray(8, 8 + size);
      this.#rest = this.#rest.subarray(whole);
      this.#record(type, content);
    }
  }

  #record(type, content) {
    const request = this.#current;
    if (!request) throw new Error(`a record of type ${type} that nobody waits for`);
    if (type === STDOUT && content.length) request.stdout(content);
    if (type === STDERR) request.stderr += content.toString('utf8');
    if (type === END) {
      this.#current = null;
      request.end(content.readUInt32BE(0));
    }
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  // Send one request; params as encodeParams takes them. keep: the connection
  // is to serve another. parts: write begin, params and body, or leave it to
  // the caller to write less.
  send({ params, stdin = '', keep = true }) {
    if (this.#current) throw new Error('one request at a time');
    this.#current = new FcgiRequest(this);
    const begin = Buffer.from([0, RESPONDER, keep ? KEEP : 0, 0, 0, 0, 0, 0]);
    this.write(
      Buffer.concat([
        record(BEGIN, begin),
        records(PARAMS, encodeParams(params)),
        records(STDIN, Buffer.from(stdin)),
      ]),
    );
    return this.#current;
  }

  // user: what the web server says of the caller (MCP_USER)
  request(method, uri, { headers = {}, body = '', user = '', params = {}, keep = true } = {}) {
    const pairs = paramsOf(method, uri, headers, Buffer.byteLength(body), { MCP_USER: user, ...params });
    return this.send({ params: pairs, stdin: body, keep });
  }

  post(uri, value, options = {}) {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    const headers = Array.isArray(options.headers)
      ? [['Content-Type', 'application/json'], ['Accept', 'application/json, text/event-stream'], ...options.headers]
      : { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...options.headers };
    return this.request('POST', uri, { ...options, body, headers });
  }

  close() {
    this.#socket.destroy();
    return this.closed;
  }
}
