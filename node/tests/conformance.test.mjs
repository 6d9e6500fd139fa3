// The cases of conformance/, as its README.md says; each decision is asked for in every way that there is here.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Detector, Engine, PolicyEngineError, selfTestPanic } from '../index.mjs';
import { root } from './policies.mjs';

const folder = fileURLToPath(new URL('conformance', root));
const names = readdirSync(path.join(folder, 'cases'), { recursive: true })
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length).split(path.sep).join('/'))
  .sort();
const results = {};

const joined = (texts) => Object.entries(texts).map(([name, lines]) => ({ name, text: lines.join('\n') }));

/** What is handed in: a value of JavaScript, text, or bytes. */
function data(given) {
  if ('value' in given) return given.value;
  if ('text' in given) return given.text;
  if ('repeat' in given) return given.repeat.map(([text, times]) => text.repeat(times)).join('');
  return Buffer.from(given.base64, 'base64');
}

/** The text for an error: its code, and the decision that stands for it. */
function failed(error) {
  if (!(error instanceof PolicyEngineError)) throw error;
  return error.decision ? `${error.code} ${error.decision.canonical}` : error.code;
}

function decided(call) {
  try {
    return call().canonical;
  } catch (error) {
    return failed(error);
  }
}

function outcome(call) {
  try {
    call();
    return 'ok';
  } catch (error) {
    if (!(error instanceof PolicyEngineError)) throw error;
    return error.code;
  }
}

/** The text that a call gives, or the error's code. */
function given(call) {
  let text;
  const failure = outcome(() => { text = call(); });
  return failure === 'ok' ? text : failure;
}

/** A value in canonical JSON. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}

const instant = (date) => date?.toISOString().replace('.000Z', 'Z');

/** How limits stand, as the engine says it. */
const standing = (limits) =>
  canonical(limits.map(({ fraction, resetsAt, retryAfterMs, shadow, ...state }) => ({
    ...state, resets_at: instant(resetsAt), retry_after_ms: retryAfterMs, shadow: shadow || undefined,
  })));

/** What detectors of these options find. */
function scanned(options, text) {
  const { findings, ...rest } = new Detector(options).scan(text);
  return canonical({ ...rest, findings: findings.map((finding) => ({ ...finding, score: Math.round(finding.score * 100) })) });
}

/** What comes through of a stream, and its decision. */
function streamed(exchange, { now, format, chunks, size, abort }) {
  const stream = exchange.stream({ now, format });
  const bytes = Buffer.from(data(chunks));
  const came = [];
  for (let at = 0; at < bytes.length; at += size) {
    let passed;
    if (outcome(() => { passed = stream.push(bytes.subarray(at, at + size)); }) !== 'ok') break;
    came.push(passed.bytes);
    if (passed.stopped) break;
  }
  const end = abort
    ? outcome(() => stream.abort())
    : decided(() => {
        const { bytes: rest, decision } = stream.finish();
        came.push(rest);
        return decision;
      });
  return `${Buffer.concat(came)}\n${end}`;
}

/** The other forms of the same input. */
function forms(input) {
  if (typeof input === 'string') return [input, Buffer.from(input)];
  if (input instanceof Uint8Array) return [input];
  const text = JSON.stringify(input);
  return [input, text, Buffer.from(text)];
}

/** Asks in every way, and requires the same of all. */
function evaluated(engine, input, question) {
  const [first, ...others] = forms(input).map((form) => decided(() => engine.evaluate(form, question)));
  for (const other of others) assert.equal(other, first);
  // In a batch, what is refused is a deny in its place.
  if (first.startsWith('{')) {
    for (const form of forms(input)) assert.equal(decided(() => engine.evaluate(engine.prepare(form), question)), first);
    for (const decision of engine.evaluateBatch(forms(input), question)) assert.equal(decision.canonical, first);
  } else if (first.startsWith('invalid_input')) {
    for (const decision of engine.evaluateBatch(forms(input), question)) assert.equal(`invalid_input ${decision.canonical}`, first);
    // Required fields are looked for when it is decided.
    for (const form of forms(input)) assert.equal(outcome(() => engine.evaluate(engine.prepare(form), question)), 'invalid_input');
  }
  return first;
}

function open({ policies, files, path: below, handles = [], allow_without_policy: allowWithoutPolicy = false }) {
  const options = { handles, allowWithoutPolicy };
  if (!files) return new Engine(joined(policies), options);
  const at = mkdtempSync(path.join(tmpdir(), 'lpe-conformance-'));
  try {
    for (const { name, text } of [...joined(policies), ...joined(files)]) {
      mkdirSync(path.dirname(path.join(at, name)), { recursive: true });
      writeFileSync(path.join(at, name), text);
    }
    return new Engine(path.join(at, below ?? ''), options);
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

function run(tested) {
  let engine;
  const opened = outcome(() => { engine = open(tested); });
  if (opened !== 'ok') return [opened];
  let prepared;
  let exchange;
  let taken = { hold: '', limits: [] };
  let redacted;
  const held = ({ exchange: within }) => (within ? (close, ...how) => exchange[close](...how) : (close, ...how) => engine[close](taken.hold, ...how));
  const steps = {
    evaluate: ({ context, ...question }) => evaluated(engine, data(context), question),
    body: ({ format, body, host, ...question }) => decided(() => engine.evaluateBody(format, data(body), data(host), question)),
    prepare: ({ context }) => outcome(() => { prepared = engine.prepare(data(context)); }),
    prepared: (question) => decided(() => engine.evaluate(prepared, question)),
    begin: ({ host }) => outcome(() => { exchange = engine.exchange(data(host)); }),
    next: ({ format, body, ...question }) =>
      decided(() => (format === undefined ? exchange.evaluate(data(body), question) : exchange.evaluateBody(format, data(body), question))),
    resume: () => outcome(() => { exchange = engine.resume(exchange.save()); }),
    take: ({ context, ...question }) =>
      decided(() => {
        const decision = engine.evaluate(data(context), question);
        taken = { hold: decision.hold ?? '', limits: decision.limits };
        return decision;
      }),
    dry_run: ({ context, ...question }) => {
      const [first, ...others] = forms(data(context)).map((form) => decided(() => engine.dryRun(form, question)));
      for (const other of others) assert.equal(other, first);
      return first;
    },
    limits: () => standing(taken.limits),
    settle: ({ used, ...step }) => given(() => held(step)('settle', ...(used === undefined ? [] : [data(used)]))),
    release: (step) => given(() => held(step)('release')),
    extend: () => given(() => engine.extend(taken.hold)),
    // A word alone is an outcome; text is JSON here.
    observe: ({ outcome: said, ...step }) => outcome(() => held(step)('observe', 'text' in said ? Buffer.from(said.text) : data(said))),
    switch_off: ({ breaker, ...how }) => outcome(() => engine.switchOff(breaker, how)),
    switch_on: ({ breaker, ...how }) => outcome(() => engine.switchOn(breaker, how)),
    switches: () => given(() => canonical(engine.switches().map(({ until, ...set }) => ({ ...set, until: instant(until) })))),
    scan: ({ options, text }) => given(() => scanned(data(options), data(text))),
    redact: ({ options, form, style, text }) =>
      given(() => {
        const detector = new Detector(data(options));
        const [format, stage] = form.split('/');
        const how = format === 'text' ? { style } : { style, format, stage };
        const came = detector.redact(data(text), how);
        assert.equal(String(detector.redact(Buffer.from(data(text)), how)), came);
        return came;
      }),
    redact_body: ({ format, body, hide }) =>
      given(() => {
        redacted = forms(data(body)).map((form) => exchange.redact(form, { format })).at(-1).toString();
        return hide ? 'ok' : redacted;
      }),
    restore: ({ text }) => given(() => exchange.restore(text === undefined ? redacted : data(text))),
    stream: (step) => given(() => streamed(exchange, step)),
    reload: ({ policies }) => outcome(() => engine.reload(joined(policies))),
    close: () => outcome(() => engine.close()),
    panic: () => outcome(selfTestPanic),
  };
  return tested.steps.map(({ do: name, ...step }) => steps[name](step));
}

for (const name of names) {
  test(name, () => {
    const tested = JSON.parse(readFileSync(path.join(folder, 'cases', `${name}.json`), 'utf8'));
    results[name] = run(tested);
    assert.deepEqual(results[name], tested.expect, tested.about);
  });
}

test('the codes of errors', () => {
  const known = JSON.parse(readFileSync(path.join(folder, 'errors.json'), 'utf8'));
  const { failure } = createRequire(import.meta.url)('../lib/errors.js');
  for (const code of Object.keys(known)) assert.equal(failure({ code, text: '' }).code, code);
  for (const code of Object.keys(known)) assert.equal(failure({ code, text: '' }).constructor.code, code, `${code} has no class`);
});

after(() => {
  mkdirSync(path.join(folder, 'results'), { recursive: true });
  writeFileSync(path.join(folder, 'results/node.json'), `${JSON.stringify(results, null, 2)}\n`);
});
