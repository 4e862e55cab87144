// The shipped files mounted into a site that was there before, with pages, a
// password and habits of its own, under a prefix: as their comments tell it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { post, request, rpc } from '../lib/http.mjs';
import { findProgram, lacks, makeDirectory, startSite, top } from '../lib/site.mjs';
import { openStream } from '../lib/sse.mjs';

const alice = { Authorization: `Basic ${Buffer.from('alice:wonder').toString('base64')}` };

// What was there before: two pages and a password file.
function makePages(dir) {
  const www = path.join(dir, 'pages');
  fs.mkdirSync(www);
  fs.writeFileSync(path.join(www, 'index.html'), '<h1>our own page</h1>');
  const users = path.join(dir, 'users');
  execFileSync(findProgram('htpasswd'), ['-cb5', users, 'alice', 'wonder'], { stdio: 'ignore' });
  return { www, users };
}

// The directory as an operator copies it, and the recipe its comment gives.
function copyNginx(dir) {
  const copy = path.join(dir, 'mcp-fcgi');
  fs.cpSync(path.join(top, 'proxy-configs/nginx'), copy, { recursive: true });
  const where = path.join(copy, 'upstreams.conf');
  fs.writeFileSync(where, fs.readFileSync(where, 'utf8').replaceAll('/run/mcp-fcgi', dir));
  const recipe = /sed '.*' mount\.conf > mount-crm\.conf/.exec(fs.readFileSync(path.join(copy, 'mount.conf'), 'utf8'));
  assert.ok(recipe, 'mount.conf gives a recipe for a prefix');
  execFileSync('sh', ['-c', recipe[0]], { cwd: copy });
}

// nginx.conf in the manner of the distribution's, with what sites like to set.
function nginxConf({ dir, port }, mount, user) {
  const { www, users } = makePages(dir);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  fs.writeFileSync(
    path.join(dir, 'nginx.conf'),
    `daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
events { worker_connections 768; }
http {
  ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  sendfile on;
  tcp_nopush on;
  types { text/html html; }
  access_log ${dir}/access.log;
  gzip on;
  gzip_types *;
  gzip_min_length 1;
  gzip_proxied any;
  proxy_buffering on;
  proxy_intercept_errors on;
  fastcgi_intercept_errors on;
  proxy_set_header X-Real-IP $remote_addr;
  fastcgi_param REMOTE_USER $remote_user;
  error_page 404 405 500 502 503 /our-error.html;
  include mcp-fcgi/upstreams.conf;
  include mcp-fcgi/routes.conf;
  server {
    listen 127.0.0.1:${port};
    root ${www};
    auth_basic "our staff";
    auth_basic_user_file ${users};
    ${user}
    include mcp-fcgi/${mount};
    location / { try_files $uri $uri/ =404; }
    location ~ \\.php$ { return 404; }
    location ~ /crm/ { return 418; }
  }
}
`,
  );
  return [findProgram('nginx'), '-c', `${dir}/nginx.conf`, '-e', `${dir}/error.log`];
}

// A virtual host of the distribution's kind.
function apacheConf({ dir, port }) {
  const { www, users } = makePages(dir);
  fs.copyFileSync(path.join(top, 'proxy-configs/apache/mcp-fcgi.conf'), path.join(dir, 'mcp-fcgi.conf'));
  // for the modules and the user, what every site has
  execFileSync(path.join(top, 'proxy-configs/make-site'), ['apache', String(port), dir]);
  const common = fs.readFileSync(path.join(dir, 'apache.conf'), 'utf8').replace(/^Define[^]*/m, '');
  const modules = path.dirname(/LoadModule \S+ (\S+)/.exec(common)[1]);
  fs.writeFileSync(
    path.join(dir, 'apache.conf'),
    `${common}
LoadModule filter_module ${modules}/mod_filter.so
LoadModule deflate_module ${modules}/mod_deflate.so
Listen 127.0.0.1:${port}
<VirtualHost *:${port}>
  ServerName localhost
  DocumentRoot "${www}"
  AddOutputFilterByType DEFLATE text/html application/json text/event-stream
  ErrorDocument 404 "our own error"
  <Directory "${www}">
    Require all granted
  </Directory>
  <Location />
    AuthType Basic
    AuthName "our staff"
    AuthUserFile "${users}"
    Require valid-user
  </Location>
  Define MCP_RUN "${dir}"
  Define MCP_MOUNT /crm/mcp
  Include mcp-fcgi.conf
  RewriteEngine On
  RewriteRule ^/old$ /index.html [R=302,L]
</VirtualHost>
`,
  );
  return [findProgram('apache2', 'httpd'), '-D', 'FOREGROUND', '-f', `${dir}/apache.conf`];
}

const commands = {
  nginx: (site) => {
    copyNginx(site.dir);
    return nginxConf(site, 'mount-crm.conf', 'set $mcp_user $remote_user;');
  },
  apache: apacheConf,
};

for (const proxy of ['nginx', 'apache']) {
  const reason = lacks(proxy) || (findProgram('htpasswd') ? false : 'htpasswd is not installed');
  test(`${proxy}: mounted at /crm/mcp into a site with pages and a password`, { skip: reason }, async (t) => {
    const site = await startSite(t, {
      proxy: commands[proxy],
      probe: false,
      mount: '/crm/mcp',
      config: (config) => {
        config.server.mount = '/crm/mcp';
      },
    });

    await t.test('the site\'s pages are as before', async () => {
      assert.equal((await request(site.url)).status, 401);
      assert.match((await request(site.url, { headers: alice })).text, /our own page/);
      assert.equal((await request(`${site.url}/mcp`, { headers: alice })).status, 404, 'nothing is at /mcp');
    });

    await t.test('the password is asked for at every door', async () => {
      assert.equal((await rpc(site.mcp, 'ping')).status, 401);
      assert.equal((await rpc(`${site.mcp}/sse/message`, 'ping')).status, 401);
      assert.equal((await openStream(`${site.mcp}/sse`)).status, 401);
      assert.equal((await openStream(site.mcp)).status, 401);
    });

    await t.test('a call is served, and its log line names the user', async () => {
      for (const slash of ['', '/']) {
        const before = site.stderr.length;
        const call = { name: 'get_client', arguments: { email: 'test@example.com' } };
        const answer = await rpc(site.mcp + slash, 'tools/call', call, { ...alice, 'Accept-Encoding': 'gzip' });
        assert.equal(answer.status, 200);
        assert.match(answer.json.result.content[0].text, /test@example\.com/);
        const [line] = await site.waitStderr(/.*method=tools\/call.*/, 5000, before);
        assert.match(line, /user=alice /);
      }
    });

    await t.test('a stream is served, uncompressed, with the prefix in its endpoint', async () => {
      const headers = { ...alice, 'Accept-Encoding': 'gzip' };
      const stream = await openStream(`${site.mcp}/sse`, { headers });
      assert.equal(stream.headers['content-encoding'], undefined);
      const endpoint = (await stream.next('endpoint')).data;
      assert.match(endpoint, /^\/crm\/mcp\/sse\/message\?connection_id=/);
      await stream.next('heartbeat', 1000);
      const answer = await post(site.url + endpoint, { jsonrpc: '2.0', id: 5, method: 'ping' }, headers);
      assert.equal(answer.status, 202);
      assert.equal((await stream.next('message', 1000)).json.id, 5);
      stream.close();
    });

    await t.test('the errors are ours, not the site\'s pages', async () => {
      const none = await openStream(site.mcp, { headers: alice });
      assert.equal(none.status, 405);
      assert.match(none.headers['content-type'], /json/);
      const put = await request(site.mcp, { method: 'PUT', headers: alice, body: 'x' });
      assert.equal(put.status, 405);
      assert.equal(put.json.jsonrpc, '2.0');
    });

    await t.test('the metadata path has the prefix too', async () => {
      const answer = await request(`${site.url}/.well-known/oauth-protected-resource/crm/mcp`, { headers: alice });
      assert.equal(answer.status, 404);
      assert.match(answer.headers['content-type'], /json/);
    });
  });
}

test('nginx does not start where $mcp_user was forgotten', { skip: lacks('nginx') }, (t) => {
  const dir = makeDirectory(t);
  copyNginx(dir);
  const words = nginxConf({ dir, port: 10001 }, 'mount.conf', '');
  const { status, stderr } = spawnSync(words[0], ['-t', ...words.slice(1)], { encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stderr, /unknown "mcp_user" variable/);
});
