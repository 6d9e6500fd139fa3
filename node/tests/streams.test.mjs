import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeniedError, Detector, Engine, InvalidArgumentError, LimitsUnavailableError } from '../index.mjs';
import { guardOpenAI } from '../openai.mjs';

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
const ann = { user: { id: 'ann' } };
const KEY = `AKIA${'IOSFODNN7'}EXAMPL3`;
const FINE = `Write to ada@example.org, or to Bob; ☃ ${'and so on. '.repeat(40)}`;
const SHOWN = FINE.replace('ada@example.org', '[EMAIL]');
const BAD = `It begins well, for a while, and then: ${KEY} it goes on`;
const pieces = (text, size) => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
const used = (engine) => engine.dryRun({ ...ann, request: { max_tokens: 0 } }).limits[0];

async function read(parts) {
  const shown = [];
  try {
    for await (const part of parts) shown.push(part);
  } catch (error) {
    return { shown, error };
  }
  return { shown };
}

test('parts of text and of bytes go through', async () => {
  const engine = new Engine(POLICY);
  for (const size of [1, 5, 64, 10_000]) {
    const text = await read(engine.exchange(ann).stream().through(pieces(FINE, size)));
    assert.equal(text.shown.join(''), SHOWN);
    const bytes = Buffer.from(FINE);
    const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    assert.equal(Buffer.concat((await read(engine.exchange(ann).stream().through(cut))).shown).toString(), SHOWN);
    const { shown, error } = await read(engine.exchange(ann).stream().through(pieces(BAD, size)));
    assert.ok(error instanceof DeniedError && error.decision.code === 'key');
    assert.ok(BAD.startsWith(shown.join('')) && !shown.join('').includes(KEY));
  }
  assert.deepEqual(await read(engine.exchange(ann).stream().through([])), { shown: [] });
});

test('as web streams', async () => {
  const engine = new Engine(POLICY);
  const through = (text) => read(ReadableStream.from(pieces(text, 7)).pipeThrough(engine.exchange(ann).stream().transform()));
  assert.equal((await through(FINE)).shown.join(''), SHOWN);
  assert.ok((await through(BAD)).error instanceof DeniedError);
});

test('text is cut anywhere, within a surrogate pair too', async () => {
  const engine = new Engine(POLICY);
  const text = 'a😀☃é👩‍👩‍👧 𝒳';
  for (let at = 0; at <= text.length; at++) {
    for (let next = at; next <= text.length; next++) {
      const parts = [text.slice(0, at), text.slice(at, next), text.slice(next)];
      assert.equal((await read(engine.exchange(ann).stream().through(parts))).shown.join(''), text, `cut at ${at} and ${next}`);
    }
  }
  const stream = () => engine.exchange(ann).stream();
  for (const wrong of [['\ude00'], ['\ud83d', 'x'], ['\ud83d\ud83d'], ['\ud83d', Buffer.from('x')], ['x\ud83d']]) {
    const { shown, error } = await read(stream().through(wrong));
    assert.ok(error instanceof InvalidArgumentError && /half of a surrogate pair/.test(error.message), JSON.stringify(wrong));
    assert.ok(!shown.join('').includes('\ufffd'));
  }
  const ended = stream();
  ended.push('x\ud83d');
  assert.throws(() => ended.finish(), /ends with half of a surrogate pair/);
  assert.throws(() => ended.push('y'), InvalidArgumentError);
});

test('by hand', () => {
  const engine = new Engine(POLICY);
  const stream = engine.exchange(ann).stream();
  assert.equal(stream.judged, 'streamable');
  const shown = pieces(FINE, 9).map((part) => stream.push(part).bytes);
  const end = stream.finish();
  assert.equal(Buffer.concat([...shown, end.bytes]).toString(), SHOWN);
  assert.deepEqual([stream.finish().bytes.length, stream.finish().decision.canonical], [0, end.decision.canonical]);
  for (const wrong of [5, null, undefined, {}]) assert.throws(() => stream.push(wrong), InvalidArgumentError);
  assert.throws(() => stream.push('more'), InvalidArgumentError);
  const aborted = engine.exchange(ann).stream();
  aborted.push('some');
  aborted.abort();
  aborted.abort();
  assert.throws(() => aborted.finish(), InvalidArgumentError);
  assert.throws(() => engine.exchange(ann).stream({ format: 'gemini' }), InvalidArgumentError);
});

test('who leaves off reading pays for what came', async () => {
  const engine = new Engine(POLICY);
  const exchange = engine.exchange(ann);
  exchange.evaluate({ request: { model: 'm', prompt: 'x', max_tokens: 5000 } });
  let count = 0;
  for await (const part of exchange.stream().through(pieces('word '.repeat(1000), 10))) if (part && ++count === 50) break;
  exchange.settle();
  assert.ok(used(engine).used > 50 && used(engine).used < 1000);
});

test('the OpenAI client streams', async () => {
  const engine = new Engine(POLICY);
  async function* chunks(text) {
    const chunk = (delta, reason = null) => ({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] });
    yield chunk({ role: 'assistant', content: '' });
    for (const content of pieces(text, 7)) yield chunk({ content });
    yield chunk({}, 'stop');
  }
  const client = { chat: { completions: { create: async (body) => chunks(body.messages[0].content) } }, responses: {}, completions: {}, embeddings: {} };
  const guarded = guardOpenAI(client, { engine, identity: ann });
  const ask = async (content) => {
    const { shown, error } = await read(await guarded.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }], stream: true, max_tokens: 4000 }));
    return { text: shown.map(({ choices }) => choices[0].delta.content ?? '').join(''), last: shown.at(-1), error };
  };
  const fine = await ask(FINE);
  assert.deepEqual([fine.text, fine.last.choices[0].finish_reason, fine.error], [SHOWN, 'stop', undefined]);
  const bad = await ask(BAD);
  assert.ok(bad.error instanceof DeniedError && BAD.startsWith(bad.text) && !bad.text.includes(KEY));
  assert.deepEqual([used(engine).reserved, used(engine).used < 3000], [0, true]);
});

test('detectors', () => {
  const mail = 'Grüße 👋 an ada@example.org';
  const { findings: [found], complete, beyond } = new Detector().scan(mail);
  assert.deepEqual([found.kind, found.family, mail.slice(...found.utf16), complete, beyond], ['email', 'pii', 'ada@example.org', true, 0]);
  assert.ok(found.score > 0.5 && found.score <= 1);
  assert.deepEqual(new Detector({ maxBytes: 10 }).scan('x'.repeat(100)).beyond, 90);
  const detector = new Detector({ families: ['pii'], key: 'k' });
  assert.equal(detector.redact(mail), 'Grüße 👋 an [EMAIL]');
  assert.equal(detector.redact(Buffer.from(mail)).toString(), 'Grüße 👋 an [EMAIL]');
  assert.deepEqual(detector.redact({ to: 'ada@example.org', n: 1.5 }), { to: '[EMAIL]', n: 1.5 });
  assert.equal(detector.redact({ messages: [{ role: 'user', content: mail }], model: 'm' }, { format: 'openai-chat' }).messages[0].content, 'Grüße 👋 an [EMAIL]');
  for (const wrong of [{ colour: 1 }, { families: ['pi'] }, { kinds: 'email' }, { maxBytes: 0 }, 5, null]) assert.throws(() => new Detector(wrong), InvalidArgumentError);
  for (const wrong of [{ style: 'blur' }, { style: 5 }, { format: 'word' }, { format: 'anthropic', stage: 'answer' }]) assert.throws(() => detector.redact('x', wrong), InvalidArgumentError);
  for (const wrong of [5, undefined, '\ud800']) assert.throws(() => detector.scan(wrong), InvalidArgumentError);
});

test('an exchange takes out and puts back', async () => {
  const engine = new Engine(`
version: "1.0"
metadata: {name: a}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: r, when: "contains_pii(request.text, ['email'])", actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]}
`, { handles: ['redact'] });
  const exchange = engine.exchange(ann);
  const body = { model: 'm', messages: [{ role: 'user', content: 'I am ada@example.org' }] };
  assert.throws(() => exchange.redact(body, { format: 'openai-chat' }), InvalidArgumentError);
  exchange.evaluateBody('openai-chat', body);
  const sent = exchange.redact(body, { format: 'openai-chat' }).messages[0].content;
  assert.match(sent, /^I am \[EMAIL_/);
  assert.equal(exchange.restore(sent), 'I am ada@example.org');
  assert.equal((await read(exchange.stream().through(pieces(sent, 3)))).shown.join(''), 'I am ada@example.org');
});

test('circuit breakers', () => {
  const engine = new Engine('version: "1.0"\nmetadata: {name: a}\nconfig: {default_action: allow}\nbreakers:\n  model: {key: request.model, consecutive_failures: 1}\n');
  const ask = (model) => engine.evaluate({ request: { model } });
  engine.observe(ask('a').hold, 'failure', { latencyMs: 3 });
  const open = ask('a');
  assert.deepEqual([open.code, open.breaker, open.rule, ask('b').allowed], ['circuit_open', 'model', undefined, true]);
  const exchange = engine.exchange({});
  exchange.evaluate({ request: { model: 'c' } });
  exchange.observe('failure');
  assert.equal(ask('c').code, 'circuit_open');
  const { hold } = ask('d');
  for (const wrong of ['good', {}, 5, { outcome: 'success', more: 1 }]) assert.throws(() => engine.observe(hold, wrong), InvalidArgumentError);
  const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
  engine.switchOff('model', { key: ['d'], reason: 'incident', until });
  assert.deepEqual(engine.switches(), [{ breaker: 'default/a/model', key: ['d'], reason: 'incident', until }]);
  assert.equal(ask('d').code, 'switched_off');
  engine.switchOn('model', { key: ['d'] });
  assert.deepEqual([ask('d').allowed, engine.switches()], [true, []]);
  for (const wrong of [{}, { reason: ' ' }, { reason: 'x', key: 'd' }, { reason: 'x', until: 5 }]) assert.throws(() => engine.switchOff('model', wrong), InvalidArgumentError);
  assert.throws(() => engine.switchOff('other', { reason: 'x' }), InvalidArgumentError);
});

test('limits in a file', async () => {
  const { mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(`${tmpdir()}/lpe-`);
  const policy = 'version: "1.0"\nmetadata: {name: a}\nconfig: {default_action: allow}\nlimits:\n  day: {kind: rate, key: user.id, amount: 3, window: {fixed: 1d}}\n';
  const [one, two] = [1, 2].map(() => new Engine(policy, { store: `sqlite:${folder}/limits.db` }));
  assert.deepEqual([one, two, one, two].map((engine) => engine.evaluate(ann).allowed), [true, true, true, false]);
  for (const store of ['limits.db', '', 5, null]) assert.throws(() => new Engine(policy, { store }), InvalidArgumentError);
  assert.throws(() => new Engine(policy, { store: `sqlite:${folder}/no/such/limits.db` }), LimitsUnavailableError);
});
