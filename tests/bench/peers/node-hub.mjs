// I am a hub of event streams as one would write it in Node: a response object
// for each stream, and write() to it.
//
//   GET /sub/NAME     a stream; "all" is one that many share
//   POST /pub/NAME    one event for it
//
//   node node-hub.mjs [--comment-ms N] --ready-fd FD
import fs from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { 'comment-ms': { type: 'string' }, 'ready-fd': { type: 'string' } } });
const streams = new Map(); // name -> responses

function subscribe(name, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(':\n\n');
  let all = streams.get(name);
  if (!all) streams.set(name, (all = new Set()));
  all.add(response);
  response.on('close', () => {
    all.delete(response);
    if (all.size === 0) streams.delete(name);
  });
}

function publish(name, request, response) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => (body += text));
  request.on('end', () => {
    const all = streams.get(name);
    if (all) for (const one of all) one.write(`data: ${body}\n\n`);
    response.writeHead(all ? 201 : 404, { 'Content-Length': 0 });
    response.end();
  });
}

function comment() {
  for (const all of streams.values()) for (const one of all) one.write(':\n\n');
}

const server = http.createServer((request, response) => {
  const [, what, name] = request.url.split('/');
  if (request.method === 'GET' && what === 'sub') subscribe(name, response);
  else if (request.method === 'POST' && what === 'pub') publish(name, request, response);
  else response.writeHead(404).end();
});
server.requestTimeout = 0;
server.keepAliveTimeout = 0;

if (values['comment-ms']) setInterval(comment, Number(values['comment-ms']));
process.on('SIGTERM', () => process.exit(0));
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  fs.writeSync(Number(values['ready-fd']), `ready 127.0.0.1:${server.address().port}\n`);
  fs.closeSync(Number(values['ready-fd']));
});
