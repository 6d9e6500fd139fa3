// Objects are decided about as their JSON is.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { Engine, InvalidInputError } from '../index.mjs';
import { now, outcome, random, root } from './policies.mjs';

const STAGES = ['request', 'response', 'tool_call', 'tool_result'];
const examples = new Engine(new URL('examples/policies', root), { handles: ['route', 'redact'] });

/** Requires the same of an object in all ways to hand it in. */
function same(engine, object, question, text = JSON.stringify(object)) {
  const wanted = outcome(() => engine.evaluate(text, question));
  assert.equal(outcome(() => engine.evaluate(object, question)), wanted, text);
  assert.equal(outcome(() => engine.evaluate(Buffer.from(text), question)), wanted, text);
  const batch = engine.evaluateBatch([object], question)[0].canonical;
  if (wanted.startsWith('{')) {
    assert.equal(batch, wanted);
    assert.equal(engine.evaluate(engine.prepare(object), question).canonical, wanted, text);
    assert.equal(engine.evaluate(engine.prepare(text), question).canonical, wanted, text);
  } else {
    assert.equal(JSON.parse(batch).effect, 'deny');
    assert.throws(() => engine.prepare(object), InvalidInputError);
  }
  return wanted;
}

test('the examples', () => {
  const folder = new URL('examples/contexts/', root);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    for (const stage of STAGES) same(examples, JSON.parse(text), { stage, now }, text);
  }
});

const FREE = `
version: "1.0"
metadata: {name: free}
config: {default_action: allow}
rules:
  - {id: a, when: "user.id == 'x' || user.roles.exists(r, r == 'é')", actions: [{type: deny}]}
  - {id: b, when: request.max_tokens > 3 && user.budget.total < 0.5, actions: [{type: deny}]}
  - {id: c, when: "has(metadata.deep.er) && metadata.deep.er == 9007199254740993", actions: [{type: deny}]}
  - {id: d, when: "request.messages.exists(m, m.text.contains('\\u{1f600}'))", actions: [{type: deny}]}
  - {id: e, when: "metadata.list == [1, 2.5, 'a', true, null, {'k': []}]", actions: [{type: deny}]}
  - {id: f, when: user.mfa_verified, actions: [{type: warn, message: "{{ metadata.deep }}"}]}
`.replace('\\u{1f600}', '😀');

test('anything at random', () => {
  const engine = new Engine(FREE);
  const names = ['user', 'request', 'metadata', 'id', 'roles', 'budget', 'total', 'max_tokens', 'messages', 'text', 'deep', 'er', 'list', 'mfa_verified', 'other', 'ID', 'User', 'k', '__proto__', 'toString', 'é', ''];
  const scalars = ['x', 'é', '😀', '', 'quote " back \\ line\n\u0000\u007f\uffff', 0, -0, 1, 1.5, -2.5, 4, 1e21, 1e-7, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 2 ** 64, 1.7976931348623157e308, 5e-324, true, false, null];
  const { PROPERTY_CASES = '3000' } = process.env;
  let refused = 0;
  let denied = 0;
  for (let seed = 0; seed < Number(PROPERTY_CASES); seed++) {
    const next = random(seed);
    const pick = (list) => list[Math.floor(next() * list.length)];
    const value = (depth) => {
      const kind = next();
      if (depth > 4 || kind < 0.45) return pick(scalars);
      if (kind < 0.6) return Array.from({ length: Math.floor(next() * 4) }, () => value(depth + 1));
      const object = {};
      for (let count = Math.floor(next() * 5); count > 0; count--) {
        Object.defineProperty(object, pick(names), { value: value(depth + 1), enumerable: true, configurable: true, writable: true });
      }
      return object;
    };
    const object = { user: { id: pick(scalars), roles: [pick(scalars)], budget: { total: pick(scalars) }, mfa_verified: pick([true, false]) }, request: { max_tokens: pick(scalars), messages: [{ text: pick(scalars) }] }, metadata: { deep: value(2), list: value(2) } };
    const more = next() < 0.5 ? value(0) : null;
    if (typeof more === 'object') Object.assign(object, more);
    if (next() < 0.3) object[pick(names)] = value(1);
    const said = same(engine, object, { now });
    refused += said.startsWith('{') ? 0 : 1;
    denied += said.includes('"effect":"deny"') ? 1 : 0;
  }
  // Otherwise nothing was tested.
  assert.ok(refused > 10 && denied > 100, `${refused} refused, ${denied} denied`);
});

const echo = new Engine(`
version: "1.0"
metadata: {name: echo}
config: {default_action: allow}
rules: [{id: echo, when: 'true', actions: [{tag: {v: metadata.v}}]}]
`);

/** What the engine reads at `metadata.v`; `<error>` when it is not there. */
const tag = (context) => JSON.parse(echo.evaluate(context, { now }).canonical).obligations[0].params.values.v;
const read = (v) => tag({ metadata: { v } });

test('numbers', () => {
  for (const number of [0, 1, -1, 1.5, 2 ** 53, -(2 ** 53), 1e21, 5e-324, Number.MAX_VALUE]) assert.equal(read(number), number);
  assert.ok(Object.is(read(-0), 0));
  const canonical = (v) => echo.evaluate({ metadata: { v } }).canonical;
  assert.match(canonical(9007199254740993n), /"v":9007199254740993\b/);
  assert.match(canonical(18446744073709551615n), /"v":18446744073709551615\b/);
  assert.match(canonical(-9223372036854775808n), /"v":-9223372036854775808\b/);
  assert.match(canonical(18446744073709551616n), /"v":18446744073709552000\b/);
  for (const number of [NaN, Infinity, -Infinity, 10n ** 400n]) {
    assert.throws(() => read(number), (error) => error instanceof InvalidInputError && error.message === 'number out of range' && error.decision.effect === 'deny');
  }
  // Nobody asks for it.
  assert.equal(echo.evaluate({ metadata: { v: 1 }, request: { max_tokens: NaN } }).allowed, true);
});

test('text', () => {
  for (const text of ['', 'a', 'é', '€', '😀', '\u0000', '"\\\n', '\uffff', 'a'.repeat(100_000), '€'.repeat(70_000), '😀a'.repeat(50_000)]) assert.equal(read(text), text);
  for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', '😀\ud83d']) {
    assert.throws(() => read(text), (error) => error instanceof InvalidInputError && error.message === 'half of a surrogate pair');
    assert.throws(() => echo.evaluate(JSON.stringify({ metadata: { v: text } })), /half of a surrogate pair/);
    assert.throws(() => echo.evaluate(`{"metadata": {"v": "${text}"}}`), /half of a surrogate pair/);
    assert.throws(() => read({ [text]: 1 }), /half of a surrogate pair/);
    assert.throws(() => read([text]), /half of a surrogate pair/);
    assert.throws(() => echo.explain({ metadata: { v: text } }), /half of a surrogate pair/);
  }
  // Halves do not grow together across fields.
  assert.throws(() => read(['\ud83d', '\ude00']), /half of a surrogate pair/);
});

test('what is more than JSON', () => {
  class Point { constructor() { this.x = 1; } get y() { return 2; } }
  assert.deepEqual(read(new Point()), { x: 1 });
  assert.equal(read(new Date(0)), '1970-01-01T00:00:00.000Z');
  assert.deepEqual(read(Object.assign(Object.create({ inherited: 1 }), { own: 2 })), { own: 2 });
  assert.deepEqual(read(Object.assign(Object.create({ toJSON: () => [1n, 'é'] }), { own: 2 })), [1, 'é']);
  assert.deepEqual(read(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
  assert.deepEqual(read({ a: undefined, b: () => 1, c: Symbol('c'), [Symbol('d')]: 1 }), {});
  assert.deepEqual(read([undefined, () => 1, , 2]), [null, null, null, 2]);
  assert.deepEqual(read([new String('a'), new Number(1), new Boolean(false)]), ['a', 1, false]);
  for (const wrong of [new Map(), new Set(), Promise.resolve(1), Buffer.from('a'), new Uint8Array(1), new ArrayBuffer(1), new WeakMap()]) {
    assert.throws(() => read(wrong), InvalidInputError);
    assert.throws(() => read([{ wrong }]), InvalidInputError);
    assert.throws(() => echo.evaluate({ metadata: wrong }), InvalidInputError);
    assert.throws(() => echo.explain({ metadata: wrong }), InvalidInputError);
  }
});

test('prototypes lend nothing', () => {
  Object.prototype.metadata = { v: 'polluted' };
  Object.prototype.v = 'polluted';
  try {
    assert.equal(tag({}), '<error>');
    assert.equal(tag({ metadata: {} }), '<error>');
    assert.deepEqual(read({ a: 1 }), { a: 1 });
  } finally {
    delete Object.prototype.metadata;
    delete Object.prototype.v;
  }
  const polluted = JSON.parse('{"metadata": {"__proto__": {"v": 1}}}');
  assert.equal(tag(polluted), '<error>');
  assert.deepEqual(Object.keys(read(JSON.parse('{"__proto__": 1}'))), ['__proto__']);
});

test('getters and proxies', () => {
  let calls = 0;
  const getter = { get v() { calls++; return calls; } };
  assert.equal(tag({ metadata: getter }), 1);
  assert.equal(calls, 1, 'a field is read once');
  const thrown = new Error('mine');
  assert.throws(() => echo.evaluate({ metadata: { get v() { throw thrown; } } }), (error) => error === thrown);
  const nested = { get v() { return read('inner'); } };
  assert.equal(tag({ metadata: nested }), 'inner');
  assert.deepEqual(read(new Proxy({ a: 1 }, {})), { a: 1 });
  assert.deepEqual(read(new Proxy([1], {})), [1]);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.throws(() => read(proxy), TypeError);
  const closing = new Engine(FREE);
  assert.throws(() => closing.evaluate({ user: { get id() { closing.close(); return 'x'; } } }), /closed/);
});

test('what never ends', () => {
  const cycle = {};
  cycle.a = cycle;
  assert.throws(() => read(cycle), (error) => error instanceof InvalidInputError && /nested deeper than 128 levels/.test(error.message));
  const wide = {};
  wide.a = wide.b = wide.c = wide;
  assert.throws(() => read(wide), InvalidInputError);
  const endless = () => new Proxy({}, { ownKeys: () => ['a', 'b'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: (_, name) => (typeof name === 'string' && name !== 'toJSON' ? endless() : undefined) });
  assert.throws(() => read(endless()), InvalidInputError);
  assert.throws(() => read(new Array(2 ** 32 - 1)), InvalidInputError);
  assert.throws(() => read(new Proxy([], { get: (target, name) => (name === 'length' ? 2 ** 53 : target[name]) })), InvalidInputError);
  const level = (depth) => (depth === 0 ? 1 : [level(depth - 1)]);
  // `metadata` and the context are two levels.
  assert.equal(outcome(() => echo.evaluate({ metadata: { v: level(126) } })).startsWith('{'), true);
  assert.throws(() => read(level(127)), /nested deeper than 128 levels/);
  assert.throws(() => echo.evaluate(JSON.stringify({ metadata: { v: level(127) } })), /nested deeper than 128 levels/);
});

test('bytes that another thread could change are copied', () => {
  const text = JSON.stringify({ metadata: { v: 1 } });
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(Buffer.from(text));
  assert.equal(echo.evaluate(shared).canonical, echo.evaluate(text).canonical);
  assert.equal(echo.evaluate(echo.prepare(shared)).canonical, echo.evaluate(text).canonical);
});
