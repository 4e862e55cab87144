// I am the official TypeScript SDK 1 with its HTTP+SSE transport: one tool, echo.
//
//   GET /sdk/sse, POST /sdk/message?sessionId=...
//
//   node sdk-sse.mjs --listen SOCKET --ready-fd FD
import fs from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const { values } = parseArgs({ options: { listen: { type: 'string' }, 'ready-fd': { type: 'string' } } });
const transports = new Map(); // session id -> transport

async function open(response) {
  const transport = new SSEServerTransport('/sdk/message', response);
  const server = new Server({ name: 'echo', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, (request) => ({
    content: [{ type: 'text', text: request.params.arguments.text }],
  }));
  transports.set(transport.sessionId, transport);
  response.on('close', () => transports.delete(transport.sessionId));
  await server.connect(transport);
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const transport = transports.get(url.searchParams.get('sessionId'));
  if (request.method === 'GET' && url.pathname === '/sdk/sse') open(response);
  else if (transport) transport.handlePostMessage(request, response);
  else response.writeHead(404).end();
});
server.requestTimeout = 0;

process.on('SIGTERM', () => process.exit(0));
server.listen({ path: values.listen, backlog: 4096 }, () => {
  fs.writeSync(Number(values['ready-fd']), `ready ${values.listen}\n`);
  fs.closeSync(Number(values['ready-fd']));
});
