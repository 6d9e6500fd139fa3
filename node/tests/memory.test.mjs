// Memory stays flat over many calls. EVALUATIONS=1000000 is for the long run.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Engine } from '../index.mjs';
import { MODELS } from './policies.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const CALLS = Number(process.env.EVALUATIONS ?? 100_000);

/** Resident bytes, when what is garbage is gone; the smallest of a few looks. */
async function resident() {
  let least = Infinity;
  for (let look = 0; look < 4; look++) {
    gc();
    await turn();
    least = Math.min(least, process.memoryUsage().rss);
  }
  return least;
}

/** Calls often, in four rounds; requires one after the first that leaves nothing behind. What leaks, leaks in each. */
async function flat(call, calls) {
  let least = Infinity;
  let before = Infinity;
  for (let number = 0, round = 0; round < 4; round++) {
    for (const end = (calls / 4) * (round + 1); number < end; number++) {
      call(number);
      // What the addon holds for an object is given back between turns of the event loop.
      if (number % 100 === 0) await turn();
    }
    const after = await resident();
    if (round > 0) least = Math.min(least, after - before);
    before = after;
  }
  assert.ok(least < 4 * 2 ** 20, `at least ${(least / 2 ** 20).toFixed(1)} MiB more after each ${calls / 4} calls`);
}

const engine = new Engine(`${MODELS}  - {id: named, when: "user.id != ''", actions: [{type: warn, message: "hello {{ user.id }}"}]}\n`);
const context = (number) => ({ user: { id: `u${number}` }, request: { model: number % 2 ? 'a' : 'b-preview', messages: [{ text: 'x'.repeat(500) }] } });

test('evaluating objects', () => flat((number) => engine.evaluate(context(number)), CALLS));
test('evaluating text, bytes and what is refused', () =>
  flat((number) => {
    engine.evaluate(JSON.stringify(context(number)));
    engine.evaluate(Buffer.from(JSON.stringify(context(number))));
    try { engine.evaluate(`{"number": ${number}`); } catch { /* it is refused */ }
    try { engine.evaluate({ request: { model: NaN } }); } catch { /* it is refused */ }
  }, CALLS / 4));
test('preparing, and exchanges', () =>
  flat((number) => {
    engine.evaluate(engine.prepare(context(number)));
    const exchange = engine.exchange({ user: { id: `u${number}` } });
    exchange.evaluate({ request: { model: 'a' } });
    engine.resume(exchange.save());
  }, CALLS / 4));
test('making, reloading, sharing and closing engines', () =>
  flat((number) => {
    const other = new Engine(MODELS);
    other.evaluate(context(number));
    other.reload(MODELS.replace('-preview', `-${number}`));
    other.evaluate(context(number));
    if (number % 3 === 0) Engine.attach(other.share()).evaluate(context(number));
    // Those that nobody closes are closed when they are garbage.
    if (number % 2 === 0) other.close();
  }, CALLS / 50));
