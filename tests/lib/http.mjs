// I send one HTTP request exactly as told, Host and Origin included.
import http from 'node:http';

// -> { status, headers, text, json }, json undefined where the body is none.
// target: a URL, or { socketPath, path }.
export function request(target, { method = 'GET', headers = {}, body, timeout = 15000 } = {}) {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers }, agent: false, timeout, ...place(target) };
    if (body !== undefined && !hasHeader(headers, 'content-length') && !hasHeader(headers, 'transfer-encoding')) {
      options.headers['Content-Length'] = Buffer.byteLength(body);
    }
    const req = http.request(options, (res) => {
      const pieces = [];
      res.on('data', (piece) => pieces.push(piece));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8');
        let json;
        try {
          json = JSON.parse(text);
        } catch {
          // not JSON: the caller looks at text
        }
        resolve({ status: res.statusCode, headers: res.headers, text, json });
      });
    });
    req.on('timeout', () => req.destroy(new Error(`no answer within ${timeout} ms`)));
    req.on('error', reject);
    req.end(body);
  });
}

export function place(target) {
  if (typeof target !== 'string' && !(target instanceof URL)) return target;
  const url = new URL(target);
  return { host: url.hostname, port: url.port || 80, path: url.pathname + url.search };
}

function hasHeader(headers, name) {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}

const JSON_HEADERS = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
};

// POST one JSON value (a string goes out as it is).
export function post(target, value, headers = {}) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return request(target, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body });
}

let nextId = 1;

// POST one JSON-RPC request.
export function rpc(target, method, params, headers = {}) {
  const message = { jsonrpc: '2.0', id: nextId++, method };
  if (params !== undefined) message.params = params;
  return post(target, message, headers);
}
