// I am the reader of the example page: I press its buttons in a real Chromium,
// against a real site, and look at what it shows.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { chromium } from 'playwright-core';

import { findProgram, lacks, startSite, top } from '../lib/site.mjs';

const CHROMIUM = process.env.CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome');
const PAGE = '/mcp_sse_example.html';
const PATIENCE_MS = 15000;

/* What a browser writes to its console when a connection breaks or a door is
 * shut; everything else there is a fault of the page. */
const NETWORK = /^Failed to load resource: |net::ERR_/;

const skip = (CHROMIUM && existsSync(CHROMIUM) ? false : 'chromium is not installed') || lacks('nginx');

async function children(pid) {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

/* Takes a second or so: time enough to break something meanwhile. */
const SLOW_TOOL = {
  name: 'slow',
  description: 'Count slowly',
  sql: {
    database: 'crm',
    query: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000) SELECT count(*) AS n FROM n',
    result: 'value',
  },
};

function shortTimes(config) {
  config.limits = { ...config.limits, heartbeat_ms: 300, retry_ms: 200 };
}

/* nginx with the mount and the page below a prefix, in the way that
 * nginx/mount.conf tells at its head. */
function nginxAt(mount) {
  return ({ dir, port }) => {
    const words = execFileSync(join(top, 'proxy-configs/make-site'), ['nginx', String(port), dir], { encoding: 'utf8' });
    const edit = (from, to, change) => writeFileSync(join(dir, to), change(readFileSync(join(dir, from), 'utf8')));
    edit('mcp-fcgi/mount.conf', 'mount.conf', (conf) => conf.replaceAll('/mcp', mount));
    edit('nginx.conf', 'nginx.conf', (conf) => conf.replace('mcp-fcgi/host.conf', 'mount.conf'));
    const www = join(dir, 'www', dirname(mount));
    mkdirSync(www, { recursive: true });
    copyFileSync(join(top, 'examples', PAGE), join(www, PAGE));
    return words.trimEnd().split('\n');
  };
}

describe('the example page', { skip, timeout: 180000 }, () => {
  let site, profile, context, page, faults;
  let allPassed = true;

  before(async () => {
    site = await startSite(null, { proxy: 'nginx', config: (config) => {
      shortTimes(config);
      config.tools.push(SLOW_TOOL);
    } });
    profile = await mkdtemp(join(tmpdir(), 'mcp-browser-'));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      viewport: { width: 1280, height: 900 },
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
        '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
        '--explicitly-allowed-ports=10080'],
    });
    context.setDefaultTimeout(PATIENCE_MS);
  });

  after(async () => {
    await context?.close();
    try {
      await site?.close();
    } finally {
      if (site && (!allPassed || process.env.MCP_VERBOSE))
        console.error(site.log());
      for (const dir of [profile, site?.dir].filter(Boolean))
        await rm(dir, { recursive: true, force: true });
    }
  });

  beforeEach(async () => {
    faults = [];
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !NETWORK.test(message.text()))
        faults.push(`console: ${message.text()}`);
    });
    await page.goto(site.url + PAGE);
  });

  afterEach(async (t) => {
    allPassed &&= t.passed;
    await page.close();
    assert.deepEqual(faults, [], 'the page complains of nothing but the network');
  });

  const text = (id) => page.locator(`#${id}`).textContent();
  const number = async (id) => Number(await text(id));
  const rows = (name) => page.locator(`#log li[data-name="${name}"]`);

  async function comes(id, pattern) {
    await page.locator(`#${id}`).filter({ hasText: pattern }).waitFor();
  }

  async function reaches(state) {
    await page.locator(`#status[data-state="${state}"]`).waitFor();
  }

  async function atLeast(id, n) {
    await page.waitForFunction(([name, least]) =>
      Number(document.getElementById(name).textContent) >= least, [id, n]);
  }

  async function connect() {
    await page.click('#connect');
    await reaches('open');
    return text('connection-id');
  }

  async function ask(method, params) {
    await page.selectOption('#method', method);
    if (params !== undefined)
      await page.fill('#params', typeof params === 'string' ? params : JSON.stringify(params));
    const n = await number('count-answers');
    await page.click('#send');
    await atLeast('count-answers', n + 1);
    await comes('answer-line', 'round trip');
    return page.locator('#answer-body').textContent();
  }

  it('connects, and says under which id and to whom', async () => {
    assert.equal(await text('status-text'), 'Not connected');
    const id = await connect();
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID');
    assert.equal(await text('status-text'), 'Connected');
    assert.match(await text('server'), /\S+ \d+\.\d+/, "the server's name and version");
    assert.equal(await rows('endpoint').count(), 1);
    assert.equal(await rows('connected').count(), 1);
  });

  it('disconnects, and stays so', async () => {
    await connect();
    await page.click('#disconnect');
    await reaches('idle');
    assert.equal(await text('connection-id'), 'none yet');
    await page.click('#send');
    await comes('send-note', 'Not connected');
    assert.equal(await number('count-reconnections'), 0);
  });

  it('sends every request of the chooser, and has each answered', async () => {
    await connect();
    const methods = await page.locator('#method option').allTextContents();
    assert.deepEqual(methods, ['initialize', 'tools/list', 'tools/call', 'resources/list',
      'resources/read', 'prompts/list', 'prompts/get']);
    for (const method of methods) {
      await ask(method);
      const line = await text('answer-line');
      assert.ok(line.startsWith(method), `the answer to ${method}: ${line}`);
      assert.match(line, /id \d+ · [\d.]+ ms round trip$/, 'its id, how long, and no error');
    }
    assert.equal(await number('count-answers'), methods.length);
    assert.equal(await rows('mcp_response').count(), methods.length);
    assert.equal(await rows('notifications/initialized').count(), 1, 'the handshake is completed');
  });

  it('lists the tools', async () => {
    await connect();
    assert.match(await ask('tools/list'), /"name": "get_client"/);
  });

  it('calls get_client, and shows the client', async () => {
    await connect();
    const answer = await ask('tools/call');
    assert.match(answer, /"name": "Test Client"/);
    assert.match(answer, /"email": "test@example\.com"/);
  });

  it('shows the sentence for a client that is not there', async () => {
    await connect();
    const answer = await ask('tools/call', { name: 'get_client', arguments: { email: 'no@example.com' } });
    assert.match(answer, /Client with email no@example\.com not found/);
  });

  it('shows an error as an error', async () => {
    await connect();
    await ask('tools/call', { name: 'no_such_tool', arguments: {} });
    assert.match(await text('answer-line'), /error -32602: /);
    assert.match(await rows('mcp_response').first().getAttribute('class'), /\bbad\b/);
  });

  it('counts heartbeats as they come', async () => {
    await connect();
    await atLeast('count-heartbeats', 3);
    assert.ok(await number('count-events') >= 5, 'endpoint, connected and three heartbeats');
    assert.match(await rows('heartbeat').first().locator('.gist').textContent(), /s after the last/);
  });

  it('opens an event of the log to show its data', async () => {
    await connect();
    const row = rows('connected').first();
    await row.locator('summary').click();
    assert.match(await row.locator('pre').textContent(), /"connection_id": "[0-9a-f-]{36}"/);
  });

  it('tells invalid parameters in place, and sends nothing', async () => {
    await connect();
    await page.selectOption('#method', 'tools/call');
    for (const [bad, said] of [['{"name": ', /Not valid JSON/], ['[1]', /must be a JSON object/]]) {
      await page.fill('#params', bad);
      await page.click('#send');
      assert.match(await text('params-error'), said);
      assert.equal(await page.getAttribute('#params', 'aria-invalid'), 'true');
    }
    assert.equal(await rows('tools/call').count(), 0, 'nothing was sent');
    await page.click('#reset');
    assert.equal(await text('params-error'), '');
    assert.match(await ask('tools/call'), /Test Client/);
  });

  it('is worked by the keyboard alone', async () => {
    const tabTo = async (id) => {
      for (let n = 0; n < 20; n++) {
        if (await page.evaluate(() => document.activeElement.id) === id)
          return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`#${id} is not within twenty steps of Tab`);
    };
    await tabTo('connect');
    await page.keyboard.press('Enter');
    await reaches('open');
    await tabTo('method');
    await page.keyboard.type('tools/call');
    assert.equal(await page.inputValue('#method'), 'tools/call');
    await tabTo('send');
    await page.keyboard.press('Enter');
    await comes('answer-body', 'Test Client');

    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Control+Enter');
    await atLeast('count-answers', 2);

    await tabTo('clear');
    await page.keyboard.press('Tab');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const last = page.locator('#log li').last();
    assert.equal(await last.getAttribute('data-name'), 'endpoint', 'End is the oldest row');
    await last.locator('pre').filter({ hasText: 'mcp/sse/message' }).waitFor();
  });

  it('comes back by itself after the broker was restarted', async () => {
    const former = await connect();
    await site.kill('broker');
    await atLeast('count-reconnections', 1);
    await reaches('open');
    const now = await text('connection-id');
    assert.notEqual(now, former, 'the new broker knows nothing of the old streams');
    assert.match(await ask('tools/call'), /Test Client/);
  });

  it('makes a new stream when the proxy answers 502', async () => {
    await connect();
    const hidden = `${site.brokerSocket}.hidden`;
    await rename(site.brokerSocket, hidden);
    try {
      const refused = page.waitForResponse((response) => response.status() === 502);
      await site.kill('broker');
      await refused;
      await reaches('waiting');
      assert.match(await text('status-text'), /server is away/);
      await comes('detail', /^Attempt [2-9] in \d+ s/);
    } finally {
      await rename(hidden, site.brokerSocket);
    }
    await reaches('open');
    assert.equal(await number('count-reconnections'), 1);
    assert.match(await ask('tools/call'), /Test Client/);
  });

  it('keeps its id and its answers when only the proxy broke', async () => {
    const id = await connect();
    await page.selectOption('#method', 'tools/call');
    await page.fill('#params', '{"name": "slow"}');
    await page.click('#send');
    await comes('answer-line', 'waiting for the answer');
    for (const worker of await children(site.pidOf('command')))
      process.kill(worker, 'SIGKILL');
    await comes('status-text', 'Connected again (resumed)');
    assert.equal(await text('connection-id'), id);
    await comes('answer-line', 'round trip');
    assert.match(await text('answer-body'), /4000000/);
  });

  it('tries at once when Connect is pressed while it waits', async () => {
    let away = true;
    await page.route('**/mcp/sse', (route) =>
      away ? route.fulfill({ status: 502, body: 'away' }) : route.continue());
    await page.click('#connect');
    await comes('detail', /^Attempt [3-9] in/);
    away = false;
    await page.click('#connect');
    await reaches('open');
  });

  it('says when the server does not know it any more, and reconnects', async () => {
    const former = await connect();
    let forgot = false;
    await page.route('**/mcp/sse/message', (route) => {
      if (forgot)
        return route.continue();
      forgot = true;
      return route.fulfill({ status: 400, contentType: 'application/json',
        body: '{"error":"Invalid or missing connection_id","timestamp":"2025-06-21T08:31:48Z"}' });
    });
    await page.click('#send');
    await comes('answer-line', 'not run: the server does not know this connection any more');
    await atLeast('count-reconnections', 1);
    assert.notEqual(await text('connection-id'), former);
    assert.match(await ask('tools/call'), /Test Client/);
  });

  it('says that an answer is lost with its stream', async () => {
    await connect();
    await page.route('**/mcp/sse/message', (route) => route.fulfill({ status: 200,
      contentType: 'application/json', body: '{"status":"sent"}' }));
    await page.click('#send');
    await comes('answer-line', 'waiting for the answer');
    await site.kill('broker');
    await comes('answer-line', 'its answer is lost');
    await atLeast('count-reconnections', 1);
  });

  it('says why a request was refused, and stays connected', async () => {
    await connect();
    const said = { 429: /too many requests.*in 2 s/, 503: /nobody knows whether it ran/, 413: /too large/ };
    for (const status of Object.keys(said)) {
      await page.route('**/mcp/sse/message', (route) => route.fulfill({ status: Number(status),
        headers: { 'Retry-After': '2' }, contentType: 'application/json', body: '{"error":"no"}' }));
      await page.click('#send');
      await comes('answer-line', `HTTP ${status}`);
      assert.match(await text('answer-line'), said[status]);
      await page.unroute('**/mcp/sse/message');
    }
    assert.equal(await page.getAttribute('#status', 'data-state'), 'open');
  });

  /* One answer from a broker of our own making: the stream ends after it, and
   * the browser comes back for the same again. */
  async function stream(events) {
    const lines = events.map(([name, data]) =>
      `event: ${name}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    await page.route('**/mcp/sse', (route) => route.fulfill({ status: 200,
      contentType: 'text/event-stream', body: `retry: 60000\n\n${lines.join('')}` }));
  }

  const CONNECTED = ['connected', { type: 'connection_established', connection_id: 'one' }];

  it("tells the server's error event from the browser's own", async () => {
    await stream([CONNECTED, ['error', { type: 'error', message: 'we close at noon' }]]);
    await page.click('#connect');
    await reaches('retrying');
    assert.match(await rows('error').first().textContent(), /we close at noon/);
    assert.match(await text('detail'), /we close at noon/);
    assert.equal(await rows('error').count(), 1);
  });

  it('answers a server that asks', async () => {
    const posted = [];
    await page.route('**/mcp/sse/message', (route) => {
      posted.push(route.request().postDataJSON());
      return route.fulfill({ status: 200, contentType: 'application/json', body: '{"status":"sent"}' });
    });
    await stream([CONNECTED,
      ['message', { jsonrpc: '2.0', id: 7, method: 'ping' }],
      ['message', { jsonrpc: '2.0', id: 'x', method: 'sampling/createMessage', params: {} }],
      ['message', { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]]);
    await page.click('#connect');
    await rows('answer to sampling/createMessage').filter({ hasText: 'sent after' }).waitFor();
    await rows('answer to ping').filter({ hasText: 'sent after' }).waitFor();
    assert.deepEqual(posted, [
      { jsonrpc: '2.0', id: 7, result: {}, connection_id: 'one' },
      { jsonrpc: '2.0', id: 'x', error: { code: -32601, message: 'Method not found' }, connection_id: 'one' },
    ]);
  });

  it('keeps a bounded log, and shows what is hostile as text', async () => {
    const hostile = "<img src=x onerror=\"document.title='taken'\">";
    await stream([CONNECTED, ...Array(600).fill(['heartbeat', { type: 'heartbeat' }]),
      ['message', { jsonrpc: '2.0', method: hostile }], ['message', hostile]]);
    await page.click('#connect');
    await reaches('retrying');
    assert.equal(await page.locator('#log li').count(), 500);
    assert.equal(await number('count-heartbeats'), 600);
    for (const row of await rows('message').all())
      await row.locator('summary').click();
    assert.equal(await page.locator('#log img').count(), 0);
    assert.match(await page.locator('#log pre').first().textContent(), /<img src=x/);
    assert.notEqual(await page.title(), 'taken');

    await page.uncheck('#show-heartbeats');
    assert.equal(await rows('heartbeat').first().isVisible(), false);
    await page.click('#clear');
    assert.equal(await page.locator('#log li').count(), 0);
  });

  it('needs nothing from anywhere else, and fits a small screen', async () => {
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.setViewportSize({ width: 360, height: 640 });
    await page.reload();
    await connect();
    await ask('tools/call');
    const base = `${site.url}/`;
    assert.deepEqual(asked.filter((url) => !url.startsWith('data:') && !url.startsWith(base)), []);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `nothing is wider than the screen (${over} px)`);
  });

  it('works unchanged behind a path prefix', async (t) => {
    const mount = '/crm/mcp';
    const prefixed = await startSite(t, {
      proxy: nginxAt(mount),
      mount,
      config: (config) => {
        shortTimes(config);
        config.server.mount = mount;
      },
    });
    await page.goto(`${prefixed.url}/crm${PAGE}`);
    await connect();
    assert.match(await text('stream-url'), /\/crm\/mcp\/sse$/);
    assert.match(await rows('endpoint').textContent(), /\/crm\/mcp\/sse\/message\?connection_id=/);
    assert.match(await ask('tools/call'), /Test Client/);
  });

  it('is as readable in the dark', async () => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const ratios = await page.evaluate(() => {
        const light = (css) => {
          const [r, g, b] = css.match(/[\d.]+/g).map((v) => {
            const c = Number(v) / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (e) => {
          for (; e; e = e.parentElement) {
            const css = getComputedStyle(e).backgroundColor;
            if (!/, 0\)$/.test(css))
              return css;
          }
          return 'rgb(255, 255, 255)';
        };
        return ['h1', 'header p', '#status', '#detail', 'dt', '#params', '#connect'].map((selector) => {
          const e = document.querySelector(selector);
          const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
          return [selector, (a + 0.05) / (b + 0.05)];
        });
      });
      for (const [selector, ratio] of ratios)
        assert.ok(ratio >= 4.5, `${selector} in ${colorScheme}: contrast ${ratio.toFixed(1)}`);
    }
  });
});
