// Nanoseconds of one call from Node, and of what it is made of. The least of many batches, because others use the machine, too.
//
//   cargo build --release -p llm-policy-node
//   LLM_POLICY_ENGINE_NATIVE=target/release/libllm_policy_node.so node benches/borders/node/bench.mjs

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const require = createRequire(new URL('node/package.json', root));
const { Engine } = require('./index.js');
const native = require('./lib/native.js');
const { projector } = require('./lib/write.js');

const BATCHES = 200;
const CALLS = 1000;

/** Calls `work` in batches, and prints the least time of a call. */
function bench(name, work) {
  let least = Infinity;
  let sum = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) sum += work(call);
    least = Math.min(least, Number(process.hrtime.bigint() - start) / CALLS);
  }
  if (Number.isNaN(sum)) throw new Error(name);
  console.log(`${name.padEnd(64)} ${least.toFixed(0).padStart(7)} ns`);
}

const policies = fileURLToPath(new URL('examples/policies', root));
const handles = ['route', 'redact'];
const engine = new Engine(policies, { handles });
// As the addon is asked by `Engine`, to see what the objects of JavaScript cost.
const handle = native.open(policies, handles, false);
const project = projector(JSON.parse(native.wanted(handle)));
const now = '2026-11-23T10:00:00Z';
const ms = Date.parse(now);

for (const name of ['allowed-developer', 'denied-region']) {
  const text = readFileSync(new URL(`examples/contexts/${name}.json`, root), 'utf8');
  const context = JSON.parse(text);
  const long = { ...context, metadata: { note: 'x'.repeat(2048) }, request: { ...context.request, messages: [{ role: 'user', text: 'Lorem ipsum dolor sit amet. '.repeat(73) }] } };
  console.log(`\n${name}: ${JSON.stringify(context).length} bytes`);
  bench('JSON.stringify(context)', () => JSON.stringify(context).length);
  bench('the projector', () => project(context).length);
  const compact = JSON.stringify(context);
  const bytes = Buffer.from(compact);
  const prepared = engine.prepare(context);
  const question = { now: ms };
  bench('evaluate(object)', () => engine.evaluate(context, question).effect.length);
  bench('evaluate(JSON.stringify(object))', () => engine.evaluate(JSON.stringify(context), question).effect.length);
  bench('evaluate(text)', () => engine.evaluate(compact, question).effect.length);
  bench('evaluate(bytes)', () => engine.evaluate(bytes, question).effect.length);
  bench('evaluate(prepared)', () => engine.evaluate(prepared, question).effect.length);
  bench('with 2 kB of text: JSON.stringify(context)', () => JSON.stringify(long).length);
  bench('with 2 kB of text: the projector', () => project(long).length);
  bench('with 2 kB of text: evaluate(object)', () => engine.evaluate(long, question).effect.length);
  bench('with 2 kB of text: evaluate(JSON.stringify(object))', () => engine.evaluate(JSON.stringify(long), question).effect.length);
}

// The border itself: one rule that reads one field.
const one = new Engine("version: '1.0'\nmetadata: {name: one}\nrules: [{id: one, when: request.stream, actions: [allow]}]\n");
const small = { request: { stream: true } };
const preparedSmall = one.prepare(small);
const smallBytes = Buffer.from(JSON.stringify(small));
console.log('\none rule, one field');
bench('a call of the addon that does nothing', () => native.hasFailed() ? 1 : 0);
bench('evaluate(object)', () => one.evaluate(small).effect.length);
bench('evaluate(bytes)', () => one.evaluate(smallBytes).effect.length);
bench('evaluate(prepared)', () => one.evaluate(preparedSmall).effect.length);
