'use strict';

// What callers hand in: where policies come from, bodies, stages, times.

const { URL, fileURLToPath } = require('node:url');
const { isSharedArrayBuffer, isDate, isProxy } = require('node:util').types;

const native = require('./native.js');
const { Unwritable, json } = require('./write.js');
const { InvalidArgumentError, InvalidPolicyError } = require('./errors.js');
const { checked } = require('./decision.js');

/** The stages, by the position that the addon knows them by. */
const STAGES = ['request', 'response', 'tool_call', 'tool_result'];
const STAGE_NUMBERS = new Map(STAGES.map((name, at) => [name, at]));

/** The number of a stage. */
function stageNumber(stage) {
  const number = STAGE_NUMBERS.get(stage);
  if (number !== undefined) return number;
  throw new InvalidArgumentError(`${shown(stage)} is no stage; the stages are request, response, tool_call and tool_result`);
}

/** A time in milliseconds since 1970; NaN for the machine's clock. `name` is what messages call it. */
function instant(time, name = '`now`') {
  if (time === undefined || time === null) return NaN;
  let ms = NaN;
  if (typeof time === 'number') ms = time;
  else if (typeof time === 'string') ms = checked(native.readInstant(time, name));
  else if (isDate(time)) ms = Date.prototype.getTime.call(time);
  if (Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError(`${name} is ${shown(time)}; give a Date, milliseconds since 1970, or text such as 2027-01-01T00:00:00Z`);
}

/** A value in a message: short, and without what is in it. */
function shown(value) {
  if (typeof value === 'string') return `\`${value.length > 40 ? `${value.slice(0, 40)}…` : value}\``;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value);
  return `of type ${typeof value}`;
}

const isBytes = (value) => value instanceof Uint8Array && !isProxy(value);

/** Bytes that nobody changes while they are read. */
function stable(bytes) {
  return isSharedArrayBuffer(bytes.buffer) ? Uint8Array.from(bytes) : bytes;
}

/** A context or a body as bytes of JSON; `name` is what messages call it. */
function jsonBytes(value, name) {
  if (isBytes(value)) return stable(value);
  return Buffer.from(utf8(typeof value === 'string' ? value : valueJson(value, name)), 'utf8');
}

/** A value that is an object; `name` is what messages call it. */
function objectArgument(value, name) {
  if (typeof value === 'object' && value !== null) return value;
  throw new InvalidArgumentError(`${name} is ${shown(value)}; give an object, JSON text, or bytes of JSON`);
}

const valueJson = (value, name) => json(objectArgument(value, name));

/** Text that has a form in UTF-8. */
function utf8(text) {
  if (!text.isWellFormed()) throw new Unwritable('half of a surrogate pair');
  return text;
}

/** The name of a format. */
function formatName(format) {
  if (typeof format === 'string' && format.isWellFormed()) return format;
  throw new InvalidArgumentError(`the format is ${shown(format)}; give a name, such as openai-chat`);
}

/** The text of what limits hold. */
function holdText(hold) {
  if (typeof hold === 'string' && hold.isWellFormed()) return hold;
  throw new InvalidArgumentError(`${shown(hold)} is no hold; give \`decision.hold\`, which is undefined when nothing is held`);
}

/** An argument that is an object, as bytes of JSON; `name` is what messages call it. */
function argumentBytes(value, name) {
  try {
    return jsonBytes(value, name);
  } catch (error) {
    throw error instanceof Unwritable ? new InvalidArgumentError(`${name}: ${error.message}`) : error;
  }
}

/** What a request used, as bytes of JSON. */
const usedBytes = (used) => argumentBytes(used, 'what was used');

/** What became of a call, as bytes of JSON: a word, or an object. */
function outcomeBytes(outcome, latencyMs) {
  if (typeof outcome !== 'string') return argumentBytes(outcome, 'the outcome');
  return argumentBytes({ outcome, latency_ms: latencyMs }, 'the outcome');
}

/** A text that an argument is; `name` is what messages call it. */
function textArgument(value, name) {
  if (typeof value === 'string' && value.isWellFormed()) return value;
  throw new InvalidArgumentError(`${name} is ${shown(value)}; give text`);
}

/** A text or a body, as bytes; an object becomes JSON. */
const bodyBytes = (value) => argumentBytes(value, 'the body');

/** What came out of a body, in the form in which that was given. */
function asItCame(given, text) {
  if (typeof given === 'string') return text;
  return isBytes(given) ? Buffer.from(text, 'utf8') : JSON.parse(text);
}

/** Where policies come from: `{ path }`, or `{ origins, texts }`. */
function sources(policies) {
  if (policies instanceof URL) return { path: fileURLToPath(policies) };
  if (typeof policies === 'string' && !isText(policies)) return { path: policies };
  const list = Array.isArray(policies) ? policies : [policies];
  const read = list.map((policy, at) => document(policy, list.length > 1 ? ` ${at + 1}` : ''));
  return { origins: read.map(({ origin }) => origin), texts: read.map(({ text }) => text) };
}

/** A string of one line that does not begin with a brace is a path. */
const isText = (string) => string.includes('\n') || /^\s*\{/.test(string);

function document(policy, number) {
  if (typeof policy === 'string') {
    if (isText(policy)) return { origin: `<text${number}>`, text: policyText(policy) };
    throw new InvalidArgumentError('in a list, policies are texts, objects or bytes; a path stands alone');
  }
  if (isBytes(policy)) return { origin: `<bytes${number}>`, text: Buffer.from(policy) };
  if (typeof policy !== 'object' || policy === null) {
    throw new InvalidArgumentError(
      `policies are ${shown(policy)}; give a path, a policy document as text, object or bytes, or a list of documents`,
    );
  }
  const { name, text } = policy;
  if (typeof name === 'string' && (typeof text === 'string' || isBytes(text))) {
    return { origin: policyText(name), text: isBytes(text) ? Buffer.from(text) : policyText(text) };
  }
  try {
    return { origin: `<object${number}>`, text: json(policy) };
  } catch (error) {
    throw error instanceof Unwritable ? new InvalidPolicyError(`the policy document: ${error.message}`) : error;
  }
}

function policyText(text) {
  if (text.isWellFormed()) return text;
  throw new InvalidPolicyError('the policy document: half of a surrogate pair');
}

module.exports = { asItCame, bodyBytes, argumentBytes, formatName, holdText, instant, isBytes, jsonBytes, objectArgument, outcomeBytes, shown, sources, stable, stageNumber, textArgument, usedBytes };
