// Streams of a model behind the guards for Express and Fastify: real servers, real clients.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import express from 'express';
import Fastify from 'fastify';

import { Engine } from '../index.mjs';
import { policyGuard as expressGuard } from '../express.mjs';
import { policyGuard as fastifyGuard } from '../fastify.mjs';

const POLICY = `
version: "1.0"
metadata: {name: answers}
config: {default_action: allow, stages: [request, response]}
limits:
  day: {kind: quota, key: user.id, amount: 1000000, window: {fixed: 1d}}
rules:
  - {id: keys, stages: [response], when: contains_secret(response.text), actions: [{type: deny, code: key}]}
  - id: mail
    stages: [response]
    when: contains_pii(response.text, ['email'])
    actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
`;
const KEY = `AKIA${'IOSFODNN7'}EXAMPL3`;
const FINE = `Write to ada@example.org, or to Bob; ☃ 👋 ${'and so on. '.repeat(40)}`;
const SHOWN = FINE.replace('ada@example.org', '[EMAIL]');
const BAD = `It begins well, for a while, and then: ${KEY} it goes on`;
const identity = (request) => ({ user: { id: request.headers['x-user'] ?? 'ann' } });

const closers = [];
after(() => Promise.all(closers.map((close) => close())));

async function serve(app) {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((done) => server.close(done).closeAllConnections()));
  return `http://127.0.0.1:${server.address().port}`;
}

const event = (delta, reason = null) =>
  `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const events = (text) => [...text.match(/[^]{1,7}/gu)].map((content) => event({ content })).join('') + event({}, 'stop') + 'data: [DONE]\n\n';

/** A model, over HTTP: it says what it is asked to, in chunks of bytes of a size, and notes who leaves off reading. */
const model = { left: 0 };
model.url = await serve(async (req, res) => {
  const { messages: [{ content }], size = 64 } = JSON.parse(Buffer.concat(await req.toArray()));
  res.writeHead(content === 'down' ? 503 : 200, { 'content-type': 'text/event-stream' });
  res.on('close', () => { if (!res.writableFinished) model.left++; });
  if (content === 'endless') {
    while (!res.destroyed) {
      res.write(event({ content: 'word and ' }));
      await wait(1);
    }
  } else if (content === 'breaks off') {
    res.write(events(FINE).slice(0, 1500));
    await wait(20);
    res.destroy();
  } else {
    const bytes = Buffer.from(content === 'garbage' ? 'data: {"choices": [{"delta": {"content": 5\n\n' : content === 'down' ? 'data: down\n\n' : events(content));
    for (let at = 0; at < bytes.length; at += size) {
      if (!res.write(bytes.subarray(at, at + size))) await once(res, 'drain');
      if (size < 5 && at % 97 === 0) await wait(0);
    }
    res.end();
  }
});
const asked = async (body) => {
  const answer = await fetch(model.url, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, body: Readable.fromWeb(answer.body) };
};

/** The length of an answer before something was taken out of it. */
const lengthOf = (status, { answers = true }) => (status < 400 && answers ? { 'content-length': '3' } : {});

const FRAMEWORKS = {
  async Express(options) {
    const app = express().use(express.json());
    app.post('/write', expressGuard(options), async (req, res) => {
      const { status, body } = await asked(req.body);
      res.writeHead(status, { 'Content-Type': 'text/event-stream; charset=utf-8', ...lengthOf(status, options) });
      res.on('close', () => body.destroy());
      body.on('error', () => res.destroy());
      body.on('data', (part) => res.write(part));
      body.on('end', () => res.end());
    });
    app.post('/pipe', expressGuard(options), async (req, res) => {
      res.type('text/event-stream').flushHeaders();
      const { body } = await asked(req.body);
      res.on('close', () => body.destroy());
      body.on('error', () => res.destroy()).pipe(res);
    });
    app.post('/whole', expressGuard(options), (req, res) => { res.type('text/event-stream').send(events(req.body.messages[0].content)); });
    app.post('/encoded', expressGuard(options), (req, res) => { res.writeHead(200, ['content-type', 'text/event-stream', 'content-encoding', 'gzip']).end(BAD); });
    app.post('/plain', expressGuard(options), (req, res) => { res.type('text/plain').flushHeaders(); res.end(BAD); });
    return [await serve(app), ['write', 'pipe']];
  },
  async Fastify(options) {
    const app = Fastify({ forceCloseConnections: true });
    const hooks = fastifyGuard(options);
    app.post('/node', hooks, async (request, reply) => {
      const { status, body } = await asked(request.body);
      return reply.code(status).headers({ 'content-type': 'text/event-stream', ...lengthOf(status, options) }).send(body);
    });
    app.post('/web', hooks, async (request, reply) => reply.type('text/event-stream').send(Readable.toWeb((await asked(request.body)).body)));
    app.post('/whole', hooks, async (request, reply) => reply.type('text/event-stream').send(events(request.body.messages[0].content)));
    app.post('/encoded', hooks, async (request, reply) => reply.headers({ 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).send(BAD));
    app.post('/plain', hooks, async (request, reply) => reply.type('text/plain').send(Readable.from([BAD])));
    closers.push(() => app.close());
    return [await app.listen({ port: 0, host: '127.0.0.1' }), ['node', 'web']];
  },
};

const post = (url, content, { size, signal } = {}) =>
  fetch(url, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, max_tokens: 5000, messages: [{ role: 'user', content }], size }),
  });
const said = (text) =>
  text.split('\n\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)).choices?.[0]?.delta?.content ?? '').join('');
async function settled(engine) {
  for (let tries = 0; tries < 200; tries++) {
    const [{ used, reserved }] = engine.dryRun({ user: { id: 'ann' }, request: { max_tokens: 0 } }).limits;
    if (reserved === 0) return used;
    await wait(10);
  }
  throw new Error('it is still held');
}

for (const [name, start] of Object.entries(FRAMEWORKS)) {
  test(`${name}: an answer of events goes out as far as it is safe`, async () => {
    const engine = new Engine(POLICY);
    const seen = [];
    const [url, ways] = await start({ engine, identity, onDecision: ({ stage, effect }) => seen.push(`${stage} ${effect}`) });
    for (const way of [...ways, 'whole']) {
      for (const size of [1, 3, 64, 100_000]) {
        const fine = await post(`${url}/${way}`, FINE, { size });
        const text = await fine.text();
        assert.deepEqual([fine.status, fine.headers.get('content-type').split(';')[0], said(text)], [200, 'text/event-stream', SHOWN], `${way}, ${size}`);
        assert.ok(text.endsWith('data: [DONE]\n\n'));
        seen.length = 0;
        const bad = await (await post(`${url}/${way}`, BAD, { size })).text();
        assert.ok(!bad.includes('AKIA') && BAD.startsWith(said(bad)) && bad.includes('content_filter'), bad);
        assert.deepEqual(seen, ['request allow', 'response deny']);
      }
    }
    assert.ok((await settled(engine)) > 100);
  });

  test(`${name}: what an answer was counted at is settled when its client leaves`, async () => {
    const engine = new Engine(POLICY);
    const [url, ways] = await start({ engine, identity });
    for (const way of ways) {
      const [before, left] = [await settled(engine), model.left];
      const leave = new AbortController();
      const answer = await post(`${url}/${way}`, 'endless', { signal: leave.signal });
      let read = '';
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        read += part;
        if (said(read).length > 500) break;
      }
      leave.abort();
      const used = (await settled(engine)) - before;
      assert.ok(used > 50 && used < 4000, `${way}: ${used}`);
      while (model.left === left) await wait(10);
    }
  });

  test(`${name}: what cannot be judged does not go out`, async () => {
    const engine = new Engine(POLICY);
    const [url, ways] = await start({ engine, identity });
    for (const way of ways) {
      assert.equal(said(await (await post(`${url}/${way}`, 'garbage')).text()), '');
      const read = await (await post(`${url}/${way}`, 'breaks off')).text().catch(() => '');
      assert.ok(SHOWN.startsWith(said(read)) && !read.includes('ada@'), read);
    }
    const down = await post(`${url}/${ways[0]}`, 'down');
    assert.deepEqual([down.status, await down.text()], [503, 'data: down\n\n'], 'errors are not the model\'s');
    for (const way of ['encoded', 'plain']) {
      const answer = await post(`${url}/${way}`, 'x');
      assert.ok(!(await answer.text().catch(() => '')).includes('AKIA'), way);
    }
    const [other] = await start({ engine, identity, format: 'openai-completions' });
    const answer = await fetch(`${other}/whole`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"model": "m", "prompt": "x", "messages": [{"content": "x"}]}' });
    assert.deepEqual([answer.status >= 400, (await answer.text()).includes('data:')], [true, false]);
    await settled(engine);
  });

  test(`${name}: events that are not judged are counted`, async () => {
    const engine = new Engine(POLICY);
    const [url, ways] = await start({ engine, identity, answers: false });
    for (const way of [...ways, 'whole']) {
      const before = await settled(engine);
      assert.equal(said(await (await post(`${url}/${way}`, BAD)).text()), BAD);
      const used = (await settled(engine)) - before;
      assert.ok(used > 10 && used < 200, `${way}: ${used}`);
    }
  });
}
