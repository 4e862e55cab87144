// I stand before a server and keep a copy of every message it sends.
import http from 'node:http';
import { SseParser } from '../lib/sse.mjs';

// -> { url, messages: [{ method, message }], close() }; method: of the request
// it answers. Names, Host and Origin pass through as they came.
export async function startRecorder(target) {
  const { hostname, port, pathname } = new URL(target);
  const messages = [];

  function keep(method, text) {
    if (text) messages.push({ method, message: JSON.parse(text) });
  }

  function listen(method, answer) {
    const parser = new SseParser();
    const pieces = [];
    const isStream = answer.headers['content-type']?.startsWith('text/event-stream');
    answer.on('data', (bytes) => {
      if (isStream) for (const { data } of parser.feed(bytes)) keep(method, data);
      else pieces.push(bytes);
    });
    answer.on('end', () => isStream || keep(method, Buffer.concat(pieces).toString()));
  }

  const server = http.createServer({ insecureHTTPParser: true }, async (req, res) => {
    const body = [];
    for await (const piece of req) body.push(piece);
    const { method } = JSON.parse(Buffer.concat(body).toString() || '{}');
    const options = { host: hostname, port, method: req.method, path: req.url, headers: req.rawHeaders, setHost: false };
    const forward = http.request(options, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      res.flushHeaders();
      listen(method, answer);
      answer.pipe(res);
    });
    forward.on('error', () => res.destroy());
    res.on('close', () => forward.destroy());
    forward.end(Buffer.concat(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    messages,
    url: `http://127.0.0.1:${server.address().port}${pathname}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
