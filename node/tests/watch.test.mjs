import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClosedError, Engine, InvalidArgumentError } from '../index.mjs';
import { MODELS } from './policies.mjs';

const good = { request: { model: 'a' } };
const bad = { request: { model: 'a-preview' } };

test('counters', () => {
  const engine = new Engine(MODELS);
  for (const context of [good, good, bad]) engine.evaluate(context);
  engine.evaluateBatch([good, bad, '{']);
  engine.exchange({ user: { id: 'ann' } }).evaluate(good);
  assert.throws(() => engine.evaluate('{'));
  engine.reload(MODELS);
  assert.throws(() => engine.reload('version: "1.0"\nrules: 5\n'));
  const metrics = engine.metrics();
  assert.deepEqual([metrics.decisions.request.allow, metrics.decisions.request.deny], [4, 2]);
  assert.deepEqual(metrics.decisions.response, { allow: 0, throttle: 0, require_approval: 0, deny: 0 });
  assert.deepEqual([metrics.refused.invalid_input, metrics.refused.internal_error], [2, 0]);
  assert.deepEqual([metrics.ruleErrors, metrics.reloads, metrics.refusedReloads, metrics.auditRecorded, metrics.auditDropped], [0, 1, 1, 0, 0]);
});

test('audit records', () => {
  const engine = new Engine(MODELS);
  assert.deepEqual(engine.auditDrain(), { records: [], dropped: 0, waiting: 0 });
  engine.auditStart({ capacity: 100, key: Buffer.from('secret') });
  engine.evaluate(bad);
  engine.evaluate(JSON.stringify(good));
  assert.throws(() => engine.evaluate('{'));
  const { records: [denied, allowed], dropped, waiting } = engine.auditDrain(2);
  assert.deepEqual([dropped, waiting], [0, 1]);
  assert.deepEqual(
    [denied.sequence, denied.stage, denied.effect, denied.code, denied.policy, denied.rule, denied.process, denied.bundle, denied.errors],
    [1, 'request', 'deny', 'preview', 'default/models', 'no-preview', process.pid, engine.bundle, 0],
  );
  assert.ok(denied.time instanceof Date && Math.abs(Date.now() - denied.time) < 60_000);
  assert.deepEqual([denied.input, allowed.effect], [undefined, 'allow']);
  assert.match(allowed.input, /^[0-9a-f]{32}$/);
  const { records: [refused] } = engine.auditDrain();
  assert.deepEqual([refused.sequence, refused.effect, refused.code, refused.rule], [3, 'deny', 'invalid_input', undefined]);
  assert.equal(engine.metrics().auditRecorded, 3);
  engine.auditStop();
  engine.evaluate(good);
  assert.deepEqual(engine.auditDrain().records, []);
});

test('what finds no room is counted, and denies have room of their own', () => {
  const engine = new Engine(MODELS);
  engine.auditStart({ capacity: 8 });
  for (let number = 0; number < 20; number++) engine.evaluate(good);
  engine.evaluate(bad);
  const { records, dropped } = engine.auditDrain();
  assert.deepEqual(records.map(({ effect }) => effect), [...Array(6).fill('allow'), 'deny']);
  assert.deepEqual([dropped, engine.auditDrain().dropped], [14, 0]);
});

test('options are checked', () => {
  const engine = new Engine(MODELS);
  for (const capacity of [0, 2 ** 24 + 1, -1, 1.5, '8', NaN, 2 ** 32]) assert.throws(() => engine.auditStart({ capacity }), InvalidArgumentError, `${capacity}`);
  for (const key of ['text', 5, null, [1]]) assert.throws(() => engine.auditStart({ key }), InvalidArgumentError);
  for (const most of [-1, 1.5, '8', NaN, 2 ** 32]) assert.throws(() => engine.auditDrain(most), InvalidArgumentError);
});

test('after the engine is closed', () => {
  const engine = new Engine(MODELS);
  engine.close();
  for (const use of ['metrics', 'auditStart', 'auditStop', 'auditDrain']) assert.throws(() => engine[use](), ClosedError);
});
