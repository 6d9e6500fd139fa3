// What a decision costs in Node: ours, and other engines that Node has.
//
//   node bench.mjs FOLDER MILLISECONDS TURNS
//
// FOLDER is a workload that the program `borders` wrote. Every contender's answer is checked before the clock starts. The clock is
// the CPU time of the process: the collector's threads count.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { Environment } from '@marcbachmann/cel-js';
import rules from 'json-rules-engine';
import { Engine } from 'llm-policy-engine';

const [folder, milliseconds, turns] = process.argv.slice(2);
const workload = JSON.parse(readFileSync(join(folder, 'workload.json'), 'utf8'));
const bytes = readFileSync(join(folder, 'request.json'));
const request = JSON.parse(bytes);
const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url)));
const version = (name) => `${name.split('/').at(-1)} ${packages[`node_modules/${name}`].version}`;

function agree(contender, denied, deciding) {
  const [said, expected] = [[denied, ...deciding.toSorted()], [workload.denied, ...workload.deciding]].map(String);
  if (said !== expected) throw new Error(`${contender} says ${said} on ${workload.name}, not ${expected}`);
}

function ours() {
  const engine = new Engine(join(folder, 'policy.yaml'));
  const prepared = engine.prepare(request);
  const text = bytes.toString();
  const inputs = { json: bytes, text, object: request, prepared };
  for (const input of Object.values(inputs)) {
    const decision = engine.evaluate(input);
    agree('ours', !decision.allowed, decision.matched.map((match) => match.rule));
  }
  return Object.entries(inputs).map(([name, input]) => [name, () => engine.evaluate(input).allowed]);
}

function celJs() {
  const environment = new Environment();
  for (const name of Object.keys(request)) environment.registerVariable(name, 'map');
  const programs = workload.cel.map((condition) => environment.parse(condition));
  const matching = () => workload.ids.filter((_, index) => programs[index](request) === true);
  agree('cel-js', true, matching());
  return [['object', matching]];
}

async function jsonRules() {
  if (!workload.json_rules) return [];
  const engine = new rules.Engine();
  for (const rule of workload.json_rules) engine.addRule(rule);
  const run = () => engine.run(request);
  agree('json-rules-engine', true, (await run()).events.map((event) => event.type));
  return [['object', run]];
}

function cedarWasm() {
  const said = workload.cedar;
  if (!said) return [];
  const policies = { staticPolicies: said.policies };
  const parsed = cedar.preparsePolicySet('bench', policies);
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed));
  const { principal, action, resource, context } = said;
  const call = { principal, action, resource, context, entities: [], preparsedPolicySetId: 'bench' };
  const run = () => cedar.statefulIsAuthorized(call);
  const { type, response } = run();
  if (type !== 'success') throw new Error(JSON.stringify(run()));
  // Policies are numbered in their order.
  const name = (id) => workload.ids[id.replace('policy', '')] ?? id;
  agree('cedar-wasm', response.decision === 'deny', response.diagnostics.reason.map(name));
  return [['object', run]];
}

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};

async function turn(call, count) {
  const begun = spent();
  for (let n = 0; n < count; n++) {
    const answer = call();
    // Who answers later is waited for; who answers at once does not pay for that.
    if (answer instanceof Promise) await answer;
  }
  return (spent() - begun) / count;
}

async function batch(call, length) {
  for (let count = 1; ; count *= 4) {
    const each = await turn(call, count);
    if (each * count * 4 >= length) return Math.floor(length / each) + 1;
  }
}

console.log(JSON.stringify({ runtime: `Node ${process.versions.node}` }));
const made = {
  ours: ours(),
  [version('@marcbachmann/cel-js')]: celJs(),
  [version('json-rules-engine')]: await jsonRules(),
  [version('@cedar-policy/cedar-wasm')]: cedarWasm(),
};
const calls = Object.entries(made).flatMap(([contender, ways]) => ways.map(([name, call]) => ({ contender, name, call, took: [] })));
// Twice: the first batches are of code that is not compiled yet.
for (let pass = 0; pass < 2; pass++) for (const each of calls) each.count = await batch(each.call, milliseconds * 1e6);
for (let n = 0; n < Number(turns); n++) for (const each of calls) each.took.push(await turn(each.call, each.count));
for (const { contender, name, took } of calls) console.log(JSON.stringify({ contender, call: name, nanoseconds: took }));
