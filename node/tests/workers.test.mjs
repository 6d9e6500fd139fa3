import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { ClosedError, Engine } from '../index.mjs';
import { MODELS } from './policies.mjs';

/** Three sets of policies that read different fields, and what each says of the context of the threads. */
const SETS = [
  { policies: MODELS, says: 'not for production false' },
  { policies: MODELS.replace("request.model.endsWith('-preview')", "user.id == 'eve'").replace('not for production', 'not eve'), says: 'not eve false' },
  {
    policies: MODELS.replace("request.model.endsWith('-preview')", "has(request.region) || user.id == 'bob'"),
    says: 'no rule of policy `default/models` decides, and its default is allow true',
  },
];

test('threads share an engine while it is reloaded', async () => {
  const expected = new Set(SETS.map(({ policies, says }) => `${new Engine(policies).bundle} ${says}`));
  const engine = new Engine(SETS[0].policies);
  const stop = new SharedArrayBuffer(4);
  const start = () => new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { number: engine.share(), stop } });
  const workers = Array.from({ length: 4 }, start);
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (let round = 1; round <= 60; round++) {
    engine.reload(SETS[round % SETS.length].policies);
    await wait(10);
  }
  // The threads have their own hold on the engine.
  engine.close();
  const answers = workers.map((worker) => once(worker, 'message'));
  const exits = workers.map((worker) => once(worker, 'exit'));
  Atomics.store(new Int32Array(stop), 0, 1);
  let evaluations = 0;
  let stale = 0;
  for (const [answer] of await Promise.all(answers)) {
    // Never a mixture: what was decided is what those policies say that are named with it.
    for (const seen of answer.seen) assert.ok(expected.has(seen), seen);
    assert.ok(answer.closed);
    evaluations += answer.evaluations;
    stale += answer.stale;
  }
  for (const [code] of await Promise.all(exits)) assert.equal(code, 0);
  assert.ok(evaluations > 1000 && stale > 0, `${evaluations} evaluations, ${stale} stale`);
});

test('a number that is no longer shared, or never was, is refused', () => {
  const engine = new Engine(MODELS);
  const number = engine.share();
  assert.equal(engine.share(), number);
  const other = Engine.attach(number);
  engine.close();
  for (const wrong of [number, '0', '', 'x', '18446744073709551615', '99999999999999999999', String(Number(number) + 1)]) {
    assert.throws(() => Engine.attach(wrong), ClosedError, wrong);
  }
  assert.equal(other.evaluate({ request: { model: 'm' } }).allowed, true);
  other.reload(MODELS.replaceAll('-preview', '-old'));
  assert.equal(other.evaluate({ request: { model: 'm-old' } }).allowed, false);
});

test('threads that are ended in the middle of it harm nobody', async () => {
  const engine = new Engine(MODELS);
  for (let round = 0; round < 5; round++) {
    const stop = new SharedArrayBuffer(4);
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { number: engine.share(), stop } });
    await once(worker, 'message');
    await worker.terminate();
    assert.equal(engine.evaluate({ request: { model: 'm' } }).allowed, true);
  }
});
