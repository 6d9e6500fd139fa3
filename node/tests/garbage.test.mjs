// Whatever is handed in, the process goes on, and nothing is allowed that cannot be read.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { Engine, PolicyEngineError } from '../index.mjs';
import { MODELS, random, root } from './policies.mjs';

const engine = new Engine(MODELS);
const THINGS = [
  undefined, null, true, 0, -1, NaN, 1n, '', '{', '}', '[]', 'null', '"', '{"request":{"model":1}}', '\ud800', Symbol('s'), () => 1, {}, [], [[]],
  { request: 1 }, { request: { model: {} } }, { request: null }, new Map(), new Date(), new Date(NaN), /x/, new Error('e'), Promise.resolve(),
  Buffer.alloc(0), Buffer.from([0xff, 0xfe]), new Uint16Array(3), new ArrayBuffer(8), new SharedArrayBuffer(8), new DataView(new ArrayBuffer(2)),
  new Proxy({}, {}), Object.create(null), Object.create(Engine.prototype), new (class Engine {})(), globalThis,
];

const CALLS = {
  constructor: (thing) => new Engine(thing),
  options: (thing) => new Engine(MODELS, thing),
  handles: (thing) => new Engine(MODELS, { handles: [thing] }),
  evaluate: (thing) => engine.evaluate(thing),
  stage: (thing) => engine.evaluate({}, { stage: thing }),
  now: (thing) => engine.evaluate({}, { now: thing }),
  question: (thing) => engine.evaluate({}, thing),
  prepare: (thing) => engine.prepare(thing),
  batch: (thing) => engine.evaluateBatch(thing),
  'batch of': (thing) => engine.evaluateBatch([thing]),
  format: (thing) => engine.evaluateBody(thing, {}),
  body: (thing) => engine.evaluateBody('openai-chat', thing),
  host: (thing) => engine.evaluateBody('openai-chat', {}, thing),
  explain: (thing) => engine.explain(thing),
  explainBody: (thing) => engine.explainBody('openai-chat', thing),
  exchange: (thing) => engine.exchange(thing),
  'exchange evaluate': (thing) => engine.exchange().evaluate(thing),
  'exchange body': (thing) => engine.exchange().evaluateBody('openai-chat', thing),
  resume: (thing) => engine.resume(thing),
  reload: (thing) => new Engine(MODELS).reload(thing),
  validate: (thing) => Engine.validate(thing),
  attach: (thing) => Engine.attach(thing),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`nonsense through ${name}`, () => {
    for (const thing of THINGS) {
      try {
        call(thing);
      } catch (error) {
        // Ours, or what JavaScript itself says of, for example, a symbol that is made text.
        assert.ok(error instanceof PolicyEngineError || error instanceof TypeError, `${name}: ${error.stack}`);
        assert.notEqual(error.code, 'internal_error', error.stack);
        if (error.decision) assert.equal(error.decision.allowed, false);
      }
    }
    assert.equal(engine.evaluate({ request: { model: 'm' } }).allowed, true);
  });
}

test('text that is cut or changed anywhere', () => {
  const text = readFileSync(new URL('examples/contexts/allowed-developer.json', root));
  const policies = new Engine(new URL('examples/policies', root));
  const next = random(7);
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const changed = Buffer.from(text);
    for (let count = 0; count < 3; count++) changed[Math.floor(next() * changed.length)] = Math.floor(next() * 256);
    const cut = next() < 0.5 ? changed.subarray(0, Math.floor(next() * changed.length)) : changed;
    for (const ask of [() => policies.evaluate(cut), () => policies.evaluate(cut.toString('latin1')), () => policies.evaluateBody('openai-chat', cut), () => policies.explain(cut), () => policies.resume(cut)]) {
      try {
        ask();
      } catch (error) {
        assert.ok(error instanceof PolicyEngineError, error.stack);
        assert.notEqual(error.code, 'internal_error', error.stack);
        refused++;
      }
    }
    try {
      new Engine(Buffer.concat([Buffer.from(MODELS.slice(0, Math.floor(next() * MODELS.length))), changed.subarray(0, 20)]));
    } catch (error) {
      assert.ok(error instanceof PolicyEngineError, error.stack);
    }
  }
  assert.ok(refused > 2000);
});

test('the addon itself, called with nonsense, throws', () => {
  const native = createRequire(import.meta.url)('../lib/native.js');
  for (const [name, call] of Object.entries(native)) {
    if (name === 'selfTestPanic') continue;
    for (const thing of THINGS) {
      for (const rest of [[], [thing], [thing, thing, thing, thing, thing]]) {
        try {
          call(thing, ...rest);
        } catch (error) {
          assert.ok(error instanceof Error, name);
        }
      }
    }
  }
  native.takeFailure();
  assert.equal(engine.evaluate({ request: { model: 'm' } }).allowed, true);
});

test('the form in which objects cross, cut and changed', () => {
  const native = createRequire(import.meta.url)('../lib/native.js');
  const { frames } = createRequire(import.meta.url)('../lib/write.js');
  const handle = native.load(['m.yaml'], [MODELS], [], false);
  native.wanted(handle);
  const written = frames({ request: { model: 'é-preview', list: [1, 2.5, true, null, { a: 'b' }] } });
  assert.ok(native.evaluateFrames(handle, written, 0, NaN) >= -1);
  const next = random(11);
  for (let round = 0; round < 20_000; round++) {
    const at = Math.floor(next() * written.length);
    const put = String.fromCharCode(next() < 0.9 ? 32 + Math.floor(next() * 95) : Math.floor(next() * 65536));
    const changed = written.slice(0, at) + put + written.slice(at + (next() < 0.7 ? 1 : 0), next() < 0.3 ? Math.floor(next() * written.length) : undefined);
    const code = native.evaluateFrames(handle, changed, 0, NaN);
    if (code === -3) assert.doesNotMatch(native.takeFailure(), /internal/);
    else assert.ok(code >= -1, `${code}`);
  }
  for (const bomb of ['['.repeat(1e6), '{"1:a:'.repeat(1e6), '"99999999999999999999999:a', '"4294967296:a', '', '1'.repeat(1e6)]) {
    assert.equal(native.evaluateFrames(handle, bomb, 0, NaN), -3);
  }
});
