// Who asks is what the web server has checked, never what the client claims.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { post, rpc } from '../lib/http.mjs';
import { findProgram, lacks, makeDirectory, startSite } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';

const forged = {
  'X-Mcp-User': 'mallory',
  'X-Mcp-Addr': '192.0.2.1',
  'X-Mcp-Server-Addr': '192.0.2.2',
  'X-Forwarded-For': '192.0.2.3',
  'X-Forwarded-User': 'mallory',
  'Mcp-User': 'mallory',
  'Remote-User': 'mallory',
  MCP_USER: 'mallory',
  REMOTE_USER: 'mallory',
};
const basic = (user, password) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` });

// The site's own authentication.
function authentication(proxy, file) {
  if (proxy === 'nginx') {
    return `auth_basic "staff"; auth_basic_user_file ${file};\nset $mcp_user $remote_user;\n`;
  }
  return `<Location />\nAuthType Basic\nAuthName staff\nAuthUserFile "${file}"\nRequire valid-user\n</Location>\n`;
}

for (const proxy of ['nginx', 'apache']) {
  test(`${proxy}: a site that knows nobody believes nobody`, { skip: lacks(proxy) }, async (t) => {
    const site = await startSite(t, { proxy });

    for (const headers of [forged, basic('mallory', 'x'), { ...forged, ...basic('mallory', 'x') }]) {
      const before = site.stderr.length;
      assert.equal((await rpc(site.mcp, 'tools/list', undefined, headers)).status, 200);
      const [line] = await site.waitStderr(/.*method=tools\/list.*/, 5000, before);
      assert.match(line, /user=anonymous/);
    }

    // a stream opened under a forged name is nobody's, so nobody may post to it
    const stream = await openStream(`${site.mcp}/sse`, { headers: { ...forged, ...basic('mallory', 'x') } });
    const id = (await stream.next('connected')).json.connection_id;
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
    assert.equal((await post(`${site.mcp}/sse/message`, ping)).status, 200);
    await stream.next('mcp_response');
    assert.doesNotMatch(site.stderr, /mallory|192\.0\.2\./);
  });

  const reason = lacks(proxy) || (findProgram('htpasswd') ? false : 'htpasswd is not installed');
  test(`${proxy}: the user of the site's authentication arrives`, { skip: reason }, async (t) => {
    const file = path.join(makeDirectory(t), 'users');
    execFileSync(findProgram('htpasswd'), ['-cb5', file, 'alice', 'wonder'], { stdio: 'ignore' });
    execFileSync(findProgram('htpasswd'), ['-b5', file, 'bob', 'builder'], { stdio: 'ignore' });
    // the probe knows no password: the site counts as up when its door says 401
    const site = await startSite(t, { proxy, extra: authentication(proxy, file), probe: false });
    const alice = basic('alice', 'wonder');
    const bob = basic('bob', 'builder');

    await t.test('nobody, and a wrong password: 401 at every door', async () => {
      for (const headers of [{}, basic('alice', 'x'), forged]) {
        assert.equal((await rpc(site.mcp, 'ping', undefined, headers)).status, 401);
        assert.equal((await rpc(`${site.mcp}/sse/message`, 'ping', undefined, headers)).status, 401);
        for (const door of ['', '/sse']) {
          const stream = await openStream(site.mcp + door, { headers });
          assert.equal(stream.status, 401, `GET /mcp${door}`);
        }
      }
      assert.doesNotMatch(site.stderr, /mcp-fcgi\S+ info: request/, 'no worker was asked');
    });

    await t.test('the name is in the worker\'s log line, whatever else the client claims', async () => {
      for (const [name, headers] of [['alice', alice], ['bob', { ...forged, ...bob }]]) {
        const before = site.stderr.length;
        assert.equal((await rpc(site.mcp, 'tools/list', undefined, headers)).status, 200);
        const [line] = await site.waitStderr(/.*method=tools\/list.*/, 5000, before);
        assert.match(line, new RegExp(`user=${name} `));
      }
      assert.doesNotMatch(site.stderr, /mallory/);
    });

    await t.test('a stream is its opener\'s', async () => {
      const stream = await openStream(`${site.mcp}/sse`, { headers: { ...forged, ...alice } });
      const id = (await stream.next('connected')).json.connection_id;
      const ping = { jsonrpc: '2.0', id: 1, method: 'ping', connection_id: id };
      assert.equal((await post(`${site.mcp}/sse/message`, ping, bob)).status, 400);
      assert.equal((await post(`${site.mcp}/sse/message`, ping, alice)).status, 200);
      await stream.next('mcp_response');
    });
  });
}
