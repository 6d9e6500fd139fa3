import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, InvalidArgumentError } from '../index.mjs';
import { MODELS, now, random } from './policies.mjs';

// A rule whose text is made for its input, so that some decisions are shared and some are not.
const POLICY = `${MODELS}  - {id: named, when: "has(user.id) && user.id.startsWith('x')", actions: [{type: warn, message: "hello {{ user.id }}"}]}\n`;
const alone = (engine, context) => {
  try {
    return engine.evaluate(context, { now }).canonical;
  } catch (error) {
    return error.decision.canonical;
  }
};

test('a batch says what one after the other says', () => {
  const next = random(7);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const model = () => pick(['a', 'a-preview', 'ä-preview', '😀', '\ud800', '', '"{:,']);
  const object = () => ({ request: { model: model(), tags: [1, null] }, user: { id: pick(['ann', 'xaver', 'x😀', 'x'.repeat(2000)]) } });
  const forms = [
    object,
    () => JSON.stringify(object()),
    () => Buffer.from(JSON.stringify(object())),
    () => pick(['', '{', '[]', '{"a": 1, "a": 2}', '\ud800']),
    () => Buffer.from([0xff]),
    () => ({ request: { model: NaN } }),
    () => ({ request: new Map() }),
  ];
  for (let round = 0; round < 60; round++) {
    const engine = new Engine(POLICY);
    const contexts = Array.from({ length: Math.floor(next() * 40) }, () => pick(forms)());
    if (round % 10 === 9) contexts.push(engine.prepare({ request: { model: 'a' } }));
    const expected = contexts.map((context) => alone(new Engine(POLICY), context.constructor?.name === 'PreparedContext' ? { request: { model: 'a' } } : context));
    assert.deepEqual(engine.evaluateBatch(new Set(contexts).size === contexts.length ? new Set(contexts) : contexts, { now }).map(String), expected);
  }
});

test('a batch of any size', () => {
  const engine = new Engine(POLICY);
  const many = Array.from({ length: 5000 }, (_, at) => ({ request: { model: at % 2 ? 'a' : 'a-preview' }, user: { id: `x${at % 3000}` } }));
  const decisions = engine.evaluateBatch(many);
  decisions.forEach(({ allowed, warnings }, at) => assert.deepEqual([allowed, warnings[0].message], [at % 2 === 1, `hello x${at % 3000}`]));
  const long = 'y'.repeat(700_000);
  const large = engine.evaluateBatch(Array.from({ length: 5 }, (_, at) => ({ request: { model: long + (at ? '' : '-preview') } })));
  assert.deepEqual(large.map(({ allowed }) => allowed), [false, true, true, true, true]);
  // More kept decisions than there is room for: each rule fires or not, so there are 2^11 different ones.
  const rules = Array.from({ length: 11 }, (_, at) => `  - {id: r${at}, when: "'${at}' in request.tags", actions: [{type: warn, message: m${at}}]}`);
  const various = new Engine(`version: "1.0"\nmetadata: {name: v}\nconfig: {default_action: allow}\nrules:\n${rules.join('\n')}\n`);
  const contexts = Array.from({ length: 2048 }, (_, bits) => ({ request: { tags: rules.flatMap((_, at) => (bits >> at) & 1 ? [String(at)] : []) } }));
  for (let round = 0; round < 2; round++) {
    various.evaluateBatch([...contexts, ...contexts]).forEach(({ warnings }, bits) => {
      assert.deepEqual(warnings.map(({ rule }) => rule), contexts[bits % 2048].request.tags.map((at) => `r${at}`));
    });
  }
  assert.deepEqual(engine.evaluateBatch([]), []);
});

test('what is no context fails the batch before anything is decided', () => {
  const engine = new Engine(MODELS);
  for (const wrong of [5, null, undefined, true, Symbol('x')]) assert.throws(() => engine.evaluateBatch([{ request: { model: 'a' } }, wrong]), InvalidArgumentError);
  assert.equal(engine.metrics().decisions.request.allow, 0);
  for (const wrong of [5, null, undefined, '{}', {}]) assert.throws(() => engine.evaluateBatch(wrong), InvalidArgumentError);
});

test('policies that are replaced while a batch is written', () => {
  const engine = new Engine(MODELS);
  const tags = MODELS.replace("request.model.endsWith('-preview')", `"'x' in request.tags"`);
  let replaced = 0;
  const replacing = { request: { get model() { if (replaced++ === 0) engine.reload(tags); return 'a-preview'; }, tags: [] } };
  const contexts = [{ request: { model: 'a-preview', tags: [] } }, replacing, { request: { model: 'a', tags: ['x'] } }];
  assert.deepEqual(engine.evaluateBatch(contexts).map(({ allowed }) => allowed), [true, true, false]);
  assert.equal(engine.evaluateBatch(contexts)[2].code, 'preview');
});
