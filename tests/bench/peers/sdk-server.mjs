// I am the official TypeScript SDK's server, as its manual writes one: a handler
// of createMcpHandler on node:http, without sessions, with two tools.
//
//   sdk-server.mjs --listen PATH --database FILE [--processes N] --ready-fd N
//
// More than one process share the socket, by node:cluster.
import cluster from 'node:cluster';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import Database from 'better-sqlite3';

// The one the SDK itself stands on: another lies beside it.
const { z } = createRequire(import.meta.resolve('@modelcontextprotocol/server'))('zod');

const { values: options } = parseArgs({
  options: {
    listen: { type: 'string' },
    database: { type: 'string' },
    processes: { type: 'string', default: '1' },
    'ready-fd': { type: 'string', default: '1' },
  },
});
const processes = Number(options.processes);

function ready() {
  fs.writeSync(Number(options['ready-fd']), 'ready\n');
}

// Made once: zod compiles a schema when it is first used.
const takesMessage = z.object({ message: z.string() });
const takesEmail = z.object({ email: z.string() });

// The handler wants a server for each request.
function makeServer(query) {
  const server = new McpServer({ name: 'example-crm', title: 'Example CRM', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Says what it was told', inputSchema: takesMessage },
    ({ message }) => ({ content: [{ type: 'text', text: message }] }),
  );
  server.registerTool(
    'get_client',
    { description: 'Look up one client by e-mail address', inputSchema: takesEmail },
    ({ email }) => {
      const row = query.get(email);
      if (!row) return { content: [{ type: 'text', text: `Client with email ${email} not found` }], isError: true };
      return { content: [{ type: 'text', text: JSON.stringify(row) }], structuredContent: row };
    },
  );
  return server;
}

function serve(started) {
  const database = new Database(options.database, { readonly: true });
  const query = database.prepare('SELECT id, name, email, created_at FROM clients WHERE email = ?');
  const handler = createMcpHandler(() => makeServer(query), { onerror: (error) => console.error(error) });
  http.createServer(toNodeHandler(handler)).listen({ path: options.listen, backlog: 4096, writableAll: true }, started);
}

function lead() {
  let missing = processes;
  for (let i = 0; i < processes; i++) cluster.fork();
  cluster.on('listening', () => --missing === 0 && ready());
}

process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker.process.kill('SIGKILL');
  process.exit(0);
});
process.on('disconnect', () => process.exit(0));

if (cluster.isPrimary) fs.rmSync(options.listen, { force: true });
if (processes > 1 && cluster.isPrimary) lead();
else serve(cluster.isPrimary ? ready : undefined);
