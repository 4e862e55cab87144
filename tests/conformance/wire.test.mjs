// I read every message the suite was sent: it does not look at all of them
// itself (nothing of server-stateless, and of its raw requests the status only).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specTypeSchemas } from '@modelcontextprotocol/client';
import { lacks, startSite } from '../lib/site.mjs';
import { startRecorder } from './recorder.mjs';
import { config, runSuite } from './suite.mjs';

const results = {
  'server/discover': 'DiscoverResult',
  'tools/list': 'ListToolsResult',
  'tools/call': 'CallToolResult',
  'resources/list': 'ListResourcesResult',
  'resources/templates/list': 'ListResourceTemplatesResult',
  'resources/read': 'ReadResourceResult',
  'prompts/list': 'ListPromptsResult',
  'prompts/get': 'GetPromptResult',
  'completion/complete': 'CompleteResult',
  'subscriptions/listen': 'SubscriptionsListenResult',
  'tasks/get': 'Result', // the SDK knows tasks as they were before the extension
  'tasks/update': 'Result',
  'tasks/cancel': 'Result',
};
const notifications = {
  'notifications/progress': 'ProgressNotification',
  'notifications/message': 'LoggingMessageNotification',
  'notifications/subscriptions/acknowledged': 'SubscriptionsAcknowledgedNotification',
  'notifications/tools/list_changed': 'ToolListChangedNotification',
  'notifications/prompts/list_changed': 'PromptListChangedNotification',
};
const cached = /^(server\/discover|resources\/read|.*\/list)$/;

function obeys(type, value) {
  assert.ok(specTypeSchemas[type], `there is no ${type}`);
  assert.deepEqual(specTypeSchemas[type]['~standard'].validate(value).issues, undefined, `as ${type}`);
}

// Who cannot be told apart from others, an unread request say, is null.
function checkError({ id, ...rest }) {
  obeys('JSONRPCErrorResponse', id === null ? rest : { id, ...rest });
}

function checkResult(method, { result }) {
  if (result.resultType === 'input_required') {
    const requests = Object.values(result.inputRequests);
    assert.ok(requests.length > 0 && requests.every((one) => typeof one.method === 'string'));
    assert.equal(typeof result.requestState, 'string');
    return;
  }
  if (result.resultType === 'task') {
    assert.deepEqual([typeof result.taskId, result.status, method], ['string', 'working', 'tools/call']);
    return;
  }
  assert.equal(result.resultType, 'complete');
  assert.equal(result._meta['io.modelcontextprotocol/serverInfo'].name, 'conformance');
  if (cached.test(method)) {
    assert.ok(Number.isInteger(result.ttlMs) && result.ttlMs >= 0);
    assert.match(result.cacheScope, /^(public|private)$/);
  }
  obeys(results[method], result);
}

function checkNotification(method, message) {
  obeys(notifications[message.method], message);
  if (method !== 'subscriptions/listen') return;
  assert.ok(message.params._meta['io.modelcontextprotocol/subscriptionId'], 'it says whose it is');
}

function check({ method, message }) {
  assert.equal(message.jsonrpc, '2.0');
  if (message.error) checkError(message);
  else if (message.method) checkNotification(method, message);
  else checkResult(method, message);
}

test('what the suite is sent obeys the schema', { skip: lacks('nginx') }, async (t) => {
  const site = await startSite(t, { proxy: 'nginx', config: config() });
  const recorder = await startRecorder(site.mcp);
  t.after(() => recorder.close());
  await runSuite(['server', '--url', recorder.url, '--requirements', '2026-07-28']);

  const wrong = [];
  for (const one of recorder.messages) {
    try {
      check(one);
    } catch (error) {
      wrong.push(`${error.message}: ${one.method}: ${JSON.stringify(one.message)}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(recorder.messages.length > 200, `it was sent ${recorder.messages.length}`);
});
