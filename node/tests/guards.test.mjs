import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';

import express from 'express';
import Fastify from 'fastify';
import OpenAI from 'openai';

import { ApprovalRequiredError, DeniedError, Engine, InvalidArgumentError, InvalidInputError, ThrottledError } from '../index.mjs';
import { policyGuard as expressGuard } from '../express.mjs';
import { policyGuard as fastifyGuard } from '../fastify.mjs';
import { guardOpenAI } from '../openai.mjs';

const POLICIES = `
version: "1.0"
metadata: {name: chat}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: secret, when: "request.text.contains('secret')", actions: [{type: deny, reason: internal words, code: secret, public_message: No secrets.}]}
  - {id: who, when: "user.id == 'nobody'", actions: [{type: deny, reason: nobody}]}
  - {id: slow, when: "request.text.contains('hurry')", actions: [{type: throttle, delay_ms: 2100}]}
  - {id: ask, when: "request.text.contains('delete')", actions: [{type: require_approval, approvers: ['role:boss']}]}
  - {id: small, when: request.model == 'large', actions: [{type: route, model: small}]}
  - {id: mark, when: "request.text.contains('mark')", actions: [{set: {request.temperature: '0.0'}}]}
  - {id: answer, stages: [response], when: "response.text.contains('hidden')", actions: [{type: deny, code: hidden_answer, reason: r}]}
`;
const engine = new Engine(POLICIES, { handles: ['route', 'set', 'require_approval'] });
const servers = [];
after(() => Promise.all(servers.map((close) => close())));

/** A model that says what it was asked, and which model it is. */
const complete = ({ model, messages, temperature }) => ({
  id: 'c', object: 'chat.completion', created: 0, model,
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: `${model} ${temperature} ${messages.at(-1).content}`, refusal: null } }],
});
const chat = (content, model = 'm') => ({ model, messages: [{ role: 'user', content }] });

async function post(url, body, headers = {}) {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: raw });
  const text = await answer.text();
  let json;
  try { json = JSON.parse(text); } catch { json = text; }
  return { status: answer.status, retry: answer.headers.get('retry-after'), json };
}

/** What is the same for both frameworks. */
async function guardsHttp(url) {
  const fine = await post(url, chat('hello'));
  assert.equal(fine.status, 200);
  assert.equal(fine.json.choices[0].message.content, 'm undefined hello');
  assert.equal((await post(url, chat('hello', 'large'))).json.model, 'small');

  const denied = await post(url, chat('the secret'));
  assert.equal(denied.status, 403);
  assert.deepEqual(denied.json, { error: { message: 'No secrets.', type: 'policy', code: 'secret' } });
  const throttled = await post(url, chat('hurry'));
  assert.deepEqual([throttled.status, throttled.retry, throttled.json.error.code], [429, '3', 'throttle']);
  const asked = await post(url, chat('delete it'));
  assert.deepEqual([asked.status, asked.json.error.code], [403, 'require_approval']);
  assert.equal((await post(url, chat('hello'), { 'x-user': 'nobody' })).status, 403);

  const hidden = await post(url, chat('hidden'));
  assert.deepEqual([hidden.status, hidden.json.error.code, hidden.json.error.message], [403, 'hidden_answer', 'This request is not allowed.']);
  assert.ok(!JSON.stringify(hidden.json).includes('m undefined'));
  // The caller is what the host says, whatever the body says.
  assert.equal((await post(url, { ...chat('hello'), user: 'nobody' })).status, 200);
  const unreadable = await post(url, { ...chat('x'), Messages: [] });
  assert.deepEqual([unreadable.status, unreadable.json.error.code], [400, 'invalid_input']);
}

const identity = (request) => ({ user: { id: request.headers['x-user'] ?? 'ann' } });

async function serve(app) {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(() => new Promise((done) => server.close(done).closeAllConnections()));
  return `http://127.0.0.1:${server.address().port}`;
}

test('Express', async () => {
  const seen = [];
  const app = express();
  const guard = expressGuard({ engine, identity, onDecision: (decision) => seen.push(decision.effect) });
  app.use((req, res, next) => (req.url === '/raw' ? express.raw({ type: '*/*' }) : req.url === '/unread' ? (_, __, go) => go() : express.json())(req, res, next));
  app.post('/chat', guard, (req, res) => { res.json(complete(req.body)); });
  app.post('/send', guard, (req, res) => { res.send(complete(req.body)); });
  app.post('/raw', guard, (req, res) => { res.json(complete(Buffer.isBuffer(req.body) ? JSON.parse(req.body) : req.body)); });
  app.post('/unread', guard, (req, res) => { res.json({}); });
  app.post('/write', guard, (req, res) => { res.write('hidden'); res.end('hidden'); });
  app.post('/end', guard, (req, res) => { res.end('hidden'); });
  app.post('/text', guard, (req, res) => { res.send('hidden'); });
  app.post('/both', guard, (req, res) => { res.json(complete(req.body)); res.write('hidden'); res.end('hidden'); });
  app.post('/failed', guard, (req, res) => { res.status(502).json({ error: 'down' }); });
  app.post('/policy', guard, (req, res) => { res.json({ ...complete(req.body), id: req.policy.decision.effect }); });
  app.post('/unjudged', expressGuard({ engine, identity, answers: false }), (req, res) => { res.write('hidden'); res.end(); });
  app.post('/carried', expressGuard({ engine, identity, carryOut: (decision, body) => ({ ...body, temperature: decision.obligations[0].params.values['request.temperature'] }) }), (req, res) => { res.json(complete(req.body)); });
  app.use((error, req, res, next) => { res.status(500).json({ fault: error.message }); });
  const url = await serve(app);
  await guardsHttp(`${url}/chat`);
  assert.ok(seen.includes('allow') && seen.includes('deny') && seen.includes('throttle'));
  await guardsHttp(`${url}/send`);
  await guardsHttp(`${url}/raw`);
  assert.equal((await post(`${url}/raw`, '{"model": "m", "messages": [], "model": "x"}')).status, 400);
  assert.match((await post(`${url}/unread`, chat('x'))).json.fault, /express\.json\(\)/);
  for (const path of ['write', 'end', 'text']) {
    const answer = await post(`${url}/${path}`, chat('x'));
    assert.equal(answer.status, 500, path);
    assert.deepEqual(answer.json.error.code, 'unjudged_answer');
  }
  const both = await post(`${url}/both`, chat('x'));
  assert.deepEqual([both.status, both.json.choices[0].message.content], [200, 'm undefined x']);
  assert.deepEqual(await post(`${url}/failed`, chat('x')), { status: 502, retry: null, json: { error: 'down' } });
  assert.equal((await post(`${url}/policy`, chat('x'))).json.id, 'allow');
  assert.equal((await post(`${url}/unjudged`, chat('x'))).json, 'hidden');
  // What the engine was told that the host does, and nobody does.
  assert.match((await post(`${url}/chat`, chat('mark'))).json.fault, /no `carryOut`/);
  assert.equal((await post(`${url}/carried`, chat('mark'))).json.choices[0].message.content, 'm 0 mark');
});

test('Fastify', async () => {
  const app = Fastify();
  servers.push(() => app.close());
  const hooks = fastifyGuard({ engine, identity });
  app.post('/chat', hooks, async (request) => complete(request.body));
  app.post('/text', hooks, async (request, reply) => reply.type('application/json').send(JSON.stringify(complete(request.body))));
  app.post('/stream', hooks, async (request, reply) => reply.send((await import('node:stream')).Readable.from(['hidden'])));
  app.post('/failed', hooks, async (request, reply) => reply.code(502).send({ error: 'down' }));
  app.post('/unjudged', fastifyGuard({ engine, identity, answers: false }), async () => 'hidden');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  await guardsHttp(`${url}/chat`);
  await guardsHttp(`${url}/text`);
  const stream = await post(`${url}/stream`, chat('x'));
  assert.equal(stream.status, 500);
  assert.ok(!JSON.stringify(stream.json).includes('hidden'));
  assert.equal((await post(`${url}/failed`, chat('x'))).status, 502);
  assert.equal((await post(`${url}/unjudged`, chat('x'))).json, 'hidden');
  assert.equal((await post(`${url}/chat`, chat('mark'))).status, 500);
});

test('the OpenAI client', async () => {
  const asked = [];
  const model = express();
  model.use(express.json());
  model.post('/v1/chat/completions', (req, res) => { asked.push(req.body); res.json(complete(req.body)); });
  model.post('/v1/responses', (req, res) => {
    res.json({ id: 'r', object: 'response', model: req.body.model, status: 'completed', output: [{ type: 'message', id: 'm', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: `${req.body.input}`, annotations: [] }] }] });
  });
  model.post('/v1/completions', (req, res) => { res.json({ id: 't', object: 'text_completion', created: 0, model: 'm', choices: [{ index: 0, text: req.body.prompt, finish_reason: 'stop', logprobs: null }] }); });
  model.post('/v1/embeddings', (req, res) => { res.json({ object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], usage: { prompt_tokens: 1, total_tokens: 1 } }); });
  const client = new OpenAI({ apiKey: 'none', baseURL: `${await serve(model)}/v1`, maxRetries: 0 });
  const guarded = guardOpenAI(client, { engine, identity: { user: { id: 'ann' } } });

  const { completions } = guarded.chat;
  assert.equal((await completions.create(chat('hello'))).choices[0].message.content, 'm undefined hello');
  const own = chat('hello', 'large');
  assert.equal((await completions.create(own)).model, 'small');
  assert.equal(own.model, 'large', 'the caller keeps what is his');
  asked.length = 0;
  await assert.rejects(completions.create(chat('the secret')), (error) => error instanceof DeniedError && error.decision.rule === 'secret');
  await assert.rejects(completions.create(chat('hurry')), ThrottledError);
  await assert.rejects(completions.create(chat('delete')), ApprovalRequiredError);
  await assert.rejects(guarded.completions.create({ model: 'm', prompt: 'x', stream: true }), InvalidArgumentError);
  await assert.rejects(completions.create(chat('mark')), /no `carryOut`/);
  await assert.rejects(completions.create(), InvalidArgumentError);
  await assert.rejects(completions.create({ ...chat('x'), temperature: NaN }), InvalidInputError);
  assert.equal(asked.length, 0, 'what does not pass is not sent');
  await assert.rejects(completions.create(chat('hidden')), (error) => error instanceof DeniedError && error.code === 'hidden_answer');
  assert.equal(asked.length, 1);

  assert.equal((await guarded.responses.create({ model: 'm', input: 'hello' })).output_text, 'hello');
  await assert.rejects(guarded.responses.create({ model: 'm', input: 'the secret' }), DeniedError);
  await assert.rejects(guarded.responses.create({ model: 'm', input: 'hidden' }), DeniedError);
  assert.equal((await guarded.completions.create({ model: 'm', prompt: 'hello' })).choices[0].text, 'hello');
  await assert.rejects(guarded.completions.create({ model: 'm', prompt: 'the secret' }), DeniedError);
  assert.equal((await guarded.embeddings.create({ model: 'm', input: 'hello', encoding_format: 'float' })).data[0].embedding[0], 0.5);
  await assert.rejects(guarded.embeddings.create({ model: 'm', input: 'the secret' }), DeniedError);
  // Nothing goes past it.
  assert.deepEqual(Object.keys(guarded), ['chat', 'responses', 'completions', 'embeddings']);

  const nobody = guardOpenAI(client, { engine, identity: async ({ user }) => ({ user: { id: user } }) });
  await assert.rejects(nobody.chat.completions.create({ ...chat('hello'), user: 'nobody' }), DeniedError);
});

test('a guard without an engine or without who asks is not made', () => {
  for (const guard of [expressGuard, fastifyGuard, (options) => guardOpenAI({}, options)]) {
    assert.throws(() => guard({ engine }), /needs `identity`/);
    assert.throws(() => guard({ identity: () => ({}) }), /needs an `engine`/);
    assert.throws(() => guard(), InvalidArgumentError);
  }
});
