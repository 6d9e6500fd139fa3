import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import * as api from '../index.mjs';
import { MODELS, now } from './policies.mjs';

const { Engine, Decision } = api;
const preview = { request: { model: 'gpt-5-preview' } };
const fine = { request: { model: 'gpt-5' } };

test('ES modules and CommonJS give the same', async () => {
  const { createRequire } = await import('node:module');
  const required = createRequire(import.meta.url)('../index.js');
  assert.deepEqual(Object.keys(required).sort(), Object.keys(api).sort());
  for (const name of Object.keys(required)) assert.equal(api[name], required[name], name);
});

test('policies come from text, bytes, objects, names, files and directories', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lpe-'));
  const file = path.join(folder, 'models.yaml');
  writeFileSync(file, MODELS);
  const object = {
    version: '1.0',
    metadata: { name: 'models' },
    config: { default_action: 'allow' },
    rules: [{ id: 'no-preview', when: "request.model.endsWith('-preview')", actions: [{ type: 'deny' }] }],
  };
  const named = { name: 'models.yaml', text: MODELS };
  for (const policies of [MODELS, Buffer.from(MODELS), object, JSON.stringify(object), named, [MODELS], folder, file, pathToFileURL(file)]) {
    const engine = new Engine(policies);
    assert.equal(engine.evaluate(preview).allowed, false);
    assert.equal(engine.evaluate(fine).allowed, true);
    assert.match(engine.bundle, /^[0-9a-f]{64}$/);
    engine.close();
  }
  const two = new Engine([MODELS, { ...object, metadata: { name: 'other' } }]);
  assert.deepEqual(two.evaluate(preview).matched.map(({ policy }) => policy), ['default/models', 'default/other']);
});

test('a decision says everything, and does not change', () => {
  const engine = new Engine(MODELS);
  const decision = engine.evaluate(preview, { now });
  assert.ok(decision instanceof Decision);
  assert.equal(decision.effect, 'deny');
  assert.equal(decision.allowed, false);
  assert.equal(decision.stage, 'request');
  assert.equal(decision.reason, 'not for production');
  assert.equal(decision.code, 'preview');
  assert.equal(decision.publicMessage, 'This model is not available.');
  assert.equal(decision.policy, 'default/models');
  assert.equal(decision.rule, 'no-preview');
  assert.deepEqual(decision.matched, [{ policy: 'default/models', rule: 'no-preview', actions: ['deny'] }]);
  assert.equal(decision.bundle, engine.bundle);
  assert.equal(decision.errorCount, 0);
  assert.equal(decision.route, undefined);
  assert.equal(JSON.parse(decision.canonical).code, 'preview');
  assert.deepEqual(JSON.parse(JSON.stringify(decision)), JSON.parse(decision.canonical));
  assert.equal(`${decision}`, decision.canonical);
  assert.throws(() => decision == true, /ask for `decision.allowed`/);
  assert.throws(() => { decision.allowed = true; }, TypeError);
  assert.throws(() => { decision.matched[0].rule = 'x'; }, TypeError);
  // What says the same is the same object.
  assert.equal(engine.evaluate({ request: { model: 'other-preview' } }), decision);
  assert.notEqual(engine.evaluate(fine), decision);
  assert.throws(() => decision.throwUnlessAllowed(), (error) => {
    assert.ok(error instanceof api.DeniedError && error instanceof api.RefusedError && error instanceof api.PolicyEngineError);
    assert.equal(error.name, 'DeniedError');
    assert.equal(error.code, 'preview');
    assert.equal(error.decision, decision);
    return true;
  });
  assert.equal(engine.evaluate(fine).throwUnlessAllowed().effect, 'allow');
});

test('effects other than deny, obligations, routes, warnings and shadows', () => {
  const engine = new Engine(
    `
version: "1.0"
metadata: {name: all}
config: {default_action: allow}
rules:
  - {id: slow, when: user.id == 'slow', actions: [{type: throttle, delay_ms: 1500}]}
  - {id: ask, when: user.id == 'ask', actions: [{type: require_approval, approvers: ['role:boss'], reason: ask first}]}
  - {id: small, when: user.id == 'small', actions: [{type: route, model: small}]}
  - {id: warn, when: user.id == 'warn', actions: [{type: warn, message: "careful, {{ user.id }}"}]}
  - {id: tag, when: user.id == 'tag', actions: [{type: audit, severity: high}]}
  - {id: soon, when: user.id == 'soon', mode: shadow, actions: [{type: deny, reason: soon}]}
`,
    { handles: ['route', 'require_approval'] },
  );
  const decide = (id) => engine.evaluate({ user: { id }, request: { model: 'large' } });
  assert.equal(decide('slow').effect, 'throttle');
  assert.equal(decide('slow').retryAfterMs, 1500);
  assert.throws(() => decide('slow').throwUnlessAllowed(), api.ThrottledError);
  assert.equal(decide('ask').effect, 'require_approval');
  assert.equal(decide('ask').approval.action, 'require_approval');
  assert.throws(() => decide('ask').throwUnlessAllowed(), api.ApprovalRequiredError);
  assert.deepEqual(decide('small').route, { model: 'small' });
  assert.equal(decide('warn').warnings[0].message, 'careful, warn');
  assert.equal(decide('tag').obligations[0].action, 'audit');
  assert.equal(decide('soon').effect, 'allow');
  assert.equal(decide('soon').shadow.effect, 'deny');
  assert.equal(decide(undefined).errorCount, decide(undefined).errors.length);
  assert.ok(decide(undefined).errorCount > 0);
});

test('stage and time are what is asked about', () => {
  const engine = new Engine(`
version: "1.0"
metadata: {name: time}
config: {default_action: deny}
rules:
  - {id: late, stages: [request, response], when: "now >= timestamp('2030-01-01T00:00:00.001Z')", actions: [{type: allow}]}
`);
  const at = (now, stage) => engine.evaluate({}, { now, stage }).allowed;
  const ms = Date.UTC(2030, 0, 1) + 1;
  assert.deepEqual([at(ms), at(new Date(ms)), at('2030-01-01T00:00:00.001Z'), at('2030-01-01T01:00:00.001+01:00')], [true, true, true, true]);
  assert.deepEqual([at(ms - 1), at(new Date(ms - 1)), at('2030-01-01T00:00:00.000999Z'), at(ms - 0.001)], [false, false, false, false]);
  assert.equal(at(ms, 'response'), true);
  assert.equal(engine.evaluate({}, { now: ms, stage: 'tool_call' }).stage, 'tool_call');
  assert.equal(at(), Date.now() >= ms);
  for (const wrong of [NaN, Infinity, -Infinity, 'tomorrow', {}, true, new Date(NaN), 9e15]) {
    assert.throws(() => at(wrong), (error) => error instanceof api.InvalidArgumentError && /`now`/.test(error.message), String(wrong));
  }
  for (const stage of ['requests', '', 7, null, {}, '__proto__']) {
    assert.throws(() => at(ms, stage), api.InvalidArgumentError, String(stage));
  }
});

test('prepared contexts decide until the policies are replaced', () => {
  const engine = new Engine(MODELS);
  const forms = [preview, JSON.stringify(preview), Buffer.from(JSON.stringify(preview))];
  const prepared = forms.map((form) => engine.prepare(form));
  for (const one of prepared) assert.equal(engine.evaluate(one, { now }).canonical, engine.evaluate(preview, { now }).canonical);
  engine.reload(MODELS.replace('not for production', 'no'));
  for (const one of prepared) {
    assert.throws(() => engine.evaluate(one), (error) => error instanceof api.StaleInputError && error.decision.effect === 'deny');
  }
  assert.equal(engine.evaluate(engine.prepare(preview)).reason, 'no');
  assert.throws(() => engine.prepare({ request: { model: NaN } }), api.InvalidInputError);
  assert.throws(() => engine.prepare('{'), api.InvalidInputError);
  // Another engine, or something that only looks like one.
  assert.throws(() => new Engine(MODELS).evaluate(prepared[0]), api.StaleInputError);
  assert.throws(() => engine.evaluate(Object.create(api.PreparedContext.prototype)), api.InvalidArgumentError);
});

test('a batch is denied in the places of what is refused', () => {
  const engine = new Engine(MODELS);
  const decisions = engine.evaluateBatch([fine, '{', preview, Buffer.from('{}'), engine.prepare(fine)], { now });
  assert.deepEqual(decisions.map(({ effect, code }) => `${effect} ${code}`), [
    'allow default', 'deny invalid_input', 'deny preview', 'deny preview', 'allow default',
  ]);
  assert.deepEqual(engine.evaluateBatch([]), []);
});

test('explain says why', () => {
  const engine = new Engine(MODELS);
  const said = engine.explain(preview, { now });
  assert.equal(said.decision.effect, 'deny');
  assert.equal(said.rules[0].rule, 'no-preview');
  assert.ok(said.rules[0].clauses.length > 0);
  const body = { model: 'gpt-5-preview', messages: [] };
  assert.equal(engine.explainBody('openai-chat', body, {}, { now }).decision.effect, 'deny');
});

test('validate finds everything and throws nothing', () => {
  assert.deepEqual({ ...Engine.validate(MODELS), bundle: 0 }, { valid: true, documents: 1, rules: 1, findings: [], bundle: 0 });
  const report = Engine.validate({ name: 'typo.yaml', text: MODELS.replace('request.model', 'request.modle') });
  assert.equal(report.valid, false);
  const [finding] = report.findings;
  assert.equal(finding.file, 'typo.yaml');
  assert.equal(finding.line, 7);
  assert.equal(finding.severity, 'error');
  assert.match(finding.help, /model/);
  assert.equal(Engine.validate([]).error.code, 'no_documents');
});

test('policies that are refused say where and why', () => {
  assert.throws(() => new Engine({ name: 'typo.yaml', text: MODELS.replace('request.model', 'request.modle') }), (error) => {
    assert.ok(error instanceof api.InvalidPolicyError);
    assert.equal(error.code, 'invalid_policy');
    assert.match(error.message, /typo\.yaml:7:/);
    assert.match(error.message, /request\.modle/);
    assert.match(error.message, /\^\^\^/);
    assert.equal(error.findings.length, 1);
    return true;
  });
  assert.throws(() => new Engine('/nowhere'), api.UnreadableFileError);
  assert.throws(() => new Engine([]), api.NoDocumentsError);
  assert.throws(() => new Engine(MODELS, { handles: ['dance'] }), (error) => error instanceof api.InvalidArgumentError && /dance/.test(error.message));
  assert.throws(() => new Engine(MODELS, { handles: 'route' }), api.InvalidArgumentError);
  assert.throws(() => new Engine(), /give a path/);
  assert.throws(() => new Engine({ when: () => 1, at: NaN }), api.InvalidPolicyError);
});

test('reload replaces everything or nothing', () => {
  const engine = new Engine(MODELS);
  const before = engine.bundle;
  assert.throws(() => engine.reload('version: "1.0"\n'), api.InvalidPolicyError);
  assert.equal(engine.bundle, before);
  assert.deepEqual(engine.reload(MODELS.replaceAll("request.model.endsWith('-preview')", "user.id == 'eve'")), []);
  assert.notEqual(engine.bundle, before);
  // What the new policies read is read.
  assert.equal(engine.evaluate({ user: { id: 'eve' } }).allowed, false);
  assert.equal(engine.evaluate({ user: { id: 'ann' }, ...preview }).allowed, true);
});

test('an exchange pins who asks and the policies, and goes on elsewhere', () => {
  const engine = new Engine(`
version: "1.0"
metadata: {name: answers}
config: {default_action: allow, stages: [request, response]}
rules:
  - id: short
    stages: [response]
    when: user.tier == 'free' && request.model == 'small' && size(response.text) > 9
    actions: [{type: deny, reason: too long}]
`);
  const exchange = engine.exchange({ user: { tier: 'free' } });
  assert.equal(exchange.bundle, engine.bundle);
  assert.equal(exchange.evaluate({ request: { model: 'small' } }).allowed, true);
  engine.reload(MODELS);
  const answer = { response: { text: 'a long answer' } };
  assert.equal(exchange.evaluate(answer, { stage: 'response' }).reason, 'too long');
  assert.throws(() => exchange.evaluate({ user: { tier: 'gold' } }, { stage: 'response' }), (error) => {
    assert.ok(error instanceof api.InvalidInputError);
    assert.equal(error.decision.effect, 'deny');
    assert.equal(error.decision.stage, 'response');
    return true;
  });
  assert.throws(() => exchange.evaluate({ request: { max_tokens: NaN } }), (error) => error.decision.effect === 'deny');
  assert.throws(() => engine.resume(exchange.save()), /other policies/);
  assert.throws(() => engine.resume('{}'), api.InvalidInputError);

  const chat = new Engine(MODELS).exchange();
  assert.equal(chat.evaluateBody('openai-chat', { model: 'gpt-5-preview', messages: [] }).code, 'preview');
  assert.equal(new Engine(MODELS).resume(chat.save()).evaluate(fine).allowed, true);
  assert.throws(() => chat.evaluateBody('openai', {}), api.InvalidArgumentError);
  assert.throws(() => chat.evaluateBody(7, {}), api.InvalidArgumentError);
});

test('bodies of providers are decided about as they are', () => {
  const engine = new Engine(`
version: "1.0"
metadata: {name: bodies}
config: {default_action: allow}
rules:
  - {id: words, when: "request.text.contains('secret') && user.id != 'ann'", actions: [{type: deny}]}
`);
  const body = { model: 'gpt-5', messages: [{ role: 'user', content: [{ type: 'text', text: 'the secret' }] }] };
  for (const form of [body, JSON.stringify(body), Buffer.from(JSON.stringify(body))]) {
    assert.equal(engine.evaluateBody('openai-chat', form, { user: { id: 'eve' } }).allowed, false);
    assert.equal(engine.evaluateBody('openai-chat', form, '{"user": {"id": "ann"}}').allowed, true);
  }
  assert.throws(() => engine.evaluateBody('openai', body), (error) => error.code === 'invalid_argument' && error.decision.effect === 'deny');
  assert.throws(() => engine.evaluateBody(undefined, body), api.InvalidArgumentError);
  assert.throws(() => engine.evaluateBody('openai-chat', { model: new Map() }), api.InvalidInputError);
});

test('a mandatory action that nobody carries out is a deny', () => {
  const routed = `
version: "1.0"
metadata: {name: routed}
config: {default_action: allow}
rules: [{id: small, when: request.model == 'large', actions: [{type: route, model: small}]}]
`;
  const large = { request: { model: 'large' } };
  assert.equal(new Engine(routed).evaluate(large).code, 'unhandled_obligation');
  assert.equal(new Engine(routed, { handles: ['route'] }).evaluate(large).allowed, true);
  const other = { name: 'o', text: routed.replace('config: {default_action: allow}', '') };
  assert.equal(new Engine(other).evaluate({ request: { model: 'x' } }).code, 'no_policy');
  assert.equal(new Engine(other, { allowWithoutPolicy: true }).evaluate({ request: { model: 'x' } }).allowed, true);
});

test('what is closed throws, whatever is asked', () => {
  const engine = new Engine(MODELS);
  const prepared = engine.prepare(fine);
  const exchange = engine.exchange();
  engine.close();
  engine.close();
  const calls = [
    () => engine.evaluate(fine), () => engine.evaluate('{}'), () => engine.evaluate(Buffer.from('{}')), () => engine.evaluate(prepared),
    () => engine.prepare(fine), () => engine.explain(fine), () => engine.exchange(), () => engine.resume('{}'), () => engine.bundle,
    () => engine.reload(MODELS), () => engine.evaluateBody('openai-chat', {}), () => engine.share(), () => engine.evaluateBatch([fine]),
  ];
  for (const call of calls) assert.throws(call, (error) => error instanceof api.ClosedError && error.decision === undefined, String(call));
  assert.equal(exchange.evaluate(fine).allowed, true, 'an exchange has its own hold on the policies');
  if (Symbol.dispose) {
    const other = new Engine(MODELS);
    other[Symbol.dispose]();
    assert.throws(() => other.bundle, api.ClosedError);
  }
});

test('a panic inside becomes an error', () => {
  assert.throws(() => api.selfTestPanic(), (error) => error instanceof api.InternalError && error.code === 'internal_error');
  assert.equal(new Engine(MODELS).evaluate(fine).allowed, true);
});
