import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClosedError, DeniedError, Engine, InvalidArgumentError, InvalidInputError } from '../index.mjs';

const POLICY = `
version: "1.0"
metadata: {name: books}
config: {default_action: allow, stages: [request, response]}
limits:
  day:
    kind: budget
    key: user.id
    amount: 10 USD
    window: {fixed: 1d}
    cost: request.estimated_cost
    steps: [{at: 0.5, do: {warn: {message: half is gone}}}, {at: 1.0, do: deny}]
  slots: {kind: concurrency, key: user.id, amount: 2}
`;
const asking = (dollars, id = 'ann') => ({ user: { id }, request: { model: 'gpt-4o', estimated_cost: dollars } });
const named = (decision, name) => decision.limits.find(({ limit }) => limit === name);
const wrong = (work) => assert.throws(work, InvalidArgumentError);

test('a decision says how limits stand', () => {
  const engine = new Engine(POLICY);
  const decision = engine.evaluate(asking(6.5));
  const day = named(decision, 'day');
  assert.deepEqual({ ...day, resetsAt: undefined }, {
    policy: 'default/books', limit: 'day', kind: 'budget', unit: 'USD', key: ['ann'], amount: 10, used: 6.5, reserved: 6.5,
    remaining: 3.5, fraction: 0.65, cost: 6.5, fits: true, reached: [0.5], alerts: [0.5], shadow: false, resetsAt: undefined, retryAfterMs: undefined,
  });
  assert.ok(day.resetsAt instanceof Date && day.resetsAt - Date.now() <= 86_400_000 && day.resetsAt > Date.now());
  assert.deepEqual([named(decision, 'slots').used, named(decision, 'slots').resetsAt], [1, undefined]);
  assert.deepEqual(decision.warnings, [{ policy: 'default/books', limit: 'day', message: 'half is gone' }]);
  assert.ok(Object.isFrozen(decision.limits) && Object.isFrozen(decision.limits[0].key));
  assert.ok(!decision.canonical.includes('resets_at') && !decision.canonical.includes('\n'));
  assert.equal(typeof decision.hold, 'string');

  const refused = engine.evaluate(asking(4));
  assert.deepEqual([refused.effect, refused.code, refused.limit, refused.rule, refused.hold], ['deny', 'limit_reached', 'day', undefined, undefined]);
  const other = engine.evaluate(asking(4, 'bob'));
  assert.ok(other.allowed && other.hold !== decision.hold);
  const nobody = engine.evaluate({ request: { estimated_cost: 1 } });
  assert.equal(nobody.code, 'limit_failed');
  assert.ok(nobody.errors.some(({ limit, rule }) => limit === 'day' && rule === undefined));
  assert.throws(() => engine.evaluate('{'), (error) => error.decision.limits.length === 0 && error.decision.hold === undefined);
});

test('what is held is settled, released, extended', () => {
  const engine = new Engine(POLICY);
  let { hold } = engine.evaluate(asking(9));
  assert.equal(engine.extend(hold), 'done');
  assert.equal(engine.settle(hold, { cost: 1 }), 'done');
  assert.equal(engine.settle(hold, { cost: 2 }), 'already_settled');
  assert.equal(engine.release(hold), 'already_settled');
  ({ hold } = engine.evaluate(asking(9)));
  assert.equal(engine.evaluate(asking(9)).allowed, false);
  assert.equal(engine.release(hold), 'done');
  assert.equal(engine.release(hold), 'already_released');
  ({ hold } = engine.evaluate(asking(9)));
  assert.equal(engine.settle(hold, { usage: { input_tokens: 10, output_tokens: 10, cached_tokens: 5 }, model: 'gpt-4o' }), 'done');
  assert.equal(engine.settle(engine.evaluate(asking(1)).hold), 'done');
  assert.equal(new Engine(POLICY).settle(hold), 'unknown');
});

test('what is no hold, and what is no usage', () => {
  const engine = new Engine(POLICY);
  const { hold } = engine.evaluate(asking(1));
  for (const garbage of [undefined, null, 5, {}, '', 'x', hold.slice(1), `${hold}x`, '1.'.repeat(5000), '\ud800']) {
    for (const close of ['settle', 'release', 'extend']) wrong(() => engine[close](garbage));
  }
  for (const usage of [{}, [], 'x', 5, { tokens: 1 }, { input_tokens: -1 }, { input_tokens: '1' }, { input_tokens: 1.5 }]) {
    wrong(() => engine.settle(hold, { usage }));
  }
  for (const used of [null, 5, [], { cost: -1 }, { cost: '1' }, { cost: NaN }, { model: 5 }, { tokens: 5 }, { usage: new Map() }]) wrong(() => engine.settle(hold, used));
  assert.equal(engine.settle(hold), 'done', 'what was refused changed nothing');
});

test('a dry run takes nothing', () => {
  const engine = new Engine(POLICY);
  for (const form of [asking(9), JSON.stringify(asking(9)), Buffer.from(JSON.stringify(asking(9)))]) {
    const decision = engine.dryRun(form);
    assert.deepEqual([decision.allowed, decision.hold, named(decision, 'day').used], [true, undefined, 9]);
  }
  assert.equal(engine.dryRun(asking(11)).allowed, false);
  assert.throws(() => engine.dryRun('{'), (error) => error instanceof InvalidInputError && error.decision.effect === 'deny');
  wrong(() => engine.dryRun(engine.prepare(asking(1))));
  wrong(() => engine.dryRun(5));
});

test('an exchange holds', () => {
  const engine = new Engine(POLICY);
  const begin = (id) => engine.exchange({ user: { id }, request: { estimated_cost: 9 } });
  const body = { request: { model: 'gpt-4o', prompt: 'Hello!' } };
  const exchange = begin('ann');
  assert.deepEqual([exchange.hold, exchange.settle(), exchange.release()], [undefined, 'nothing', 'nothing']);
  assert.ok(exchange.evaluate(body).allowed && exchange.evaluate(body).hold === exchange.hold, 'the same once more takes nothing again');
  const resumed = engine.resume(exchange.save());
  assert.equal(resumed.hold, exchange.hold);
  resumed.evaluate({ response: { text: 'Hi!', usage: { input_tokens: 100, output_tokens: 10 } } }, { stage: 'response' });
  assert.equal(resumed.settle(), 'done');
  assert.equal(exchange.settle(), 'already_settled');
  assert.ok(engine.dryRun(asking(9)).allowed);

  const other = begin('bob');
  other.evaluate(body);
  for (const garbage of ['{', '[]', Buffer.from([255])]) assert.throws(() => other.settleBody('openai-chat', garbage), InvalidInputError);
  wrong(() => other.settleBody('openai', '{}'));
  assert.equal(other.settleBody('openai-chat', { model: 'gpt-4o', choices: [], usage: { prompt_tokens: 1000, completion_tokens: 100 } }), 'done');
  assert.ok(engine.dryRun(asking(9, 'bob')).allowed);
  other.evaluate(body);
  assert.equal(other.settle({ cost: 10 }), 'done');
  assert.throws(() => engine.dryRun(asking(1, 'bob')).throwUnlessAllowed(), DeniedError);
});

test('after the engine is closed', () => {
  const engine = new Engine(POLICY);
  const { hold } = engine.evaluate(asking(1));
  const exchange = engine.exchange({ user: { id: 'bob' }, request: { estimated_cost: 1 } });
  exchange.evaluate({ request: { model: 'gpt-4o' } });
  engine.close();
  for (const use of [() => engine.settle(hold), () => engine.release(hold), () => engine.extend(hold), () => engine.dryRun({})]) assert.throws(use, ClosedError);
  assert.equal(exchange.settle({ cost: 0 }), 'done', 'an exchange that began goes on');
});

test('what a decision that nobody sees would hold is given back', () => {
  const engine = new Engine(POLICY);
  engine.evaluate(asking(1)); // the wanted fields are known now
  const before = named(engine.dryRun(asking(1)), 'slots').used;
  engine.reload(POLICY.replace('amount: 10 USD', 'amount: 11 USD'));
  // What was written for the policies of before is decided about, found stale, and written anew.
  assert.equal(named(engine.evaluate(asking(1)), 'slots').used, before);
});

test('a context that is prepared is nothing else', () => {
  const engine = new Engine(POLICY);
  const prepared = engine.prepare(asking(1));
  const exchange = engine.exchange({ user: { id: 'ann' } });
  for (const work of [
    () => engine.dryRun(prepared),
    () => engine.explain(prepared),
    () => engine.exchange(prepared),
    () => exchange.evaluate(prepared),
    () => exchange.evaluateBody('openai-chat', prepared),
    () => exchange.settle(prepared),
    () => JSON.stringify({ prepared }),
  ]) wrong(work);
  assert.equal(exchange.hold, undefined, 'nothing was decided about');
});

test('messages call a time by its name', () => {
  const engine = new Engine(POLICY);
  for (const until of ['tomorrow', {}, NaN]) {
    assert.throws(() => engine.switchOff('models', { reason: 'x', until }), (error) => error instanceof InvalidArgumentError && error.message.includes('`until`'));
    assert.throws(() => engine.evaluate(asking(1), { now: until }), (error) => error instanceof InvalidArgumentError && error.message.includes('`now`'));
  }
});
