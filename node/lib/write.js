'use strict';

// Values as text: JSON, or the form that the addon reads fastest (bindings/node/src/frames.rs), which differs in strings only.
//
// What comes out is what `JSON.stringify` says of a value, with these exceptions: a bigint is a whole number; what JSON cannot
// say (NaN, the infinities, a Map, a Set, a promise, binary data) is refused rather than left out or changed; what is nested too
// deep or never ends is refused. Properties are read once, own and enumerable ones only.

const { isMap, isSet, isPromise, isAnyArrayBuffer, isWeakMap, isWeakSet } = require('node:util').types;

const hasOwn = Object.prototype.hasOwnProperty;
const plain = Object.prototype;
const { getPrototypeOf } = Object;
const { isArray } = Array;

/** As deep as the engine reads. */
const MAX_DEPTH = 128;
/** Beyond so many values the engine would refuse the text for its size; an object that contains itself comes here, too. */
const MAX_VALUES = 1 << 24;

/** A value that cannot be said; the engine makes an error of it. */
class Unwritable extends Error {}

/** A string as the addon reads it: nothing is escaped, so nothing is looked for. */
const framed = (text) => `"${text.length}:${text}`;

/** How many more values may be written. */
let left = 0;

/** `value` as text, `quote` saying how a string is written. */
function write(value, quote) {
  left = MAX_VALUES;
  return any(value, quote, 0) ?? 'null';
}

/** The same, inside a text that is under way, `depth` levels down; undefined for what is no value. */
function any(value, quote, depth) {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      // The engine's own words for what is no number: it reads `NaN` and `Infinity` as numbers out of range.
      if (quote === framed || value - value === 0) return `${value}`;
      throw new Unwritable('number out of range');
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? 'null' : object(value, quote, depth);
    default:
      return undefined;
  }
}

function object(value, quote, depth) {
  if (--left < 0) throw new Unwritable(`more than ${MAX_VALUES} values; perhaps an object contains itself`);
  if (isArray(value)) return list(value, quote, depth);
  const prototype = getPrototypeOf(value);
  if (prototype !== plain && prototype !== null) {
    const other = special(value);
    if (other !== value) return isObject(other) && !isArray(other) ? fields(other, quote, depth) : any(other, quote, depth);
  }
  return fields(value, quote, depth);
}

const isObject = (value) => typeof value === 'object' && value !== null;

/** What an object of a class says that it is. */
function special(value) {
  if (isPromise(value)) throw new Unwritable('a promise where a value is expected; await it');
  if (isMap(value) || isSet(value) || isWeakMap(value) || isWeakSet(value)) {
    throw new Unwritable('a Map or a Set, which JSON cannot say; give an object or an array');
  }
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) {
    throw new Unwritable('binary data, which JSON cannot say; give text');
  }
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf();
  return typeof value.toJSON === 'function' ? value.toJSON('') : value;
}

function list(value, quote, depth) {
  if (depth >= MAX_DEPTH) throw new Unwritable(`nested deeper than ${MAX_DEPTH} levels`);
  const { length } = value;
  if (length > left) throw new Unwritable(`more than ${MAX_VALUES} values`);
  left -= length;
  let text = '[';
  for (let at = 0; at < length; at++) {
    if (at > 0) text += ',';
    text += any(value[at], quote, depth + 1) ?? 'null';
  }
  return text + ']';
}

function fields(value, quote, depth) {
  if (depth >= MAX_DEPTH) throw new Unwritable(`nested deeper than ${MAX_DEPTH} levels`);
  let text = '{';
  let first = true;
  for (const name in value) {
    if (!hasOwn.call(value, name)) continue;
    const written = any(value[name], quote, depth + 1);
    if (written === undefined) continue;
    text += `${first ? '' : ','}${quote(name)}:${written}`;
    first = false;
  }
  return text + '}';
}

/** A value as JSON. */
const json = (value) => write(value, JSON.stringify);

/** A value as the addon reads it. */
const frames = (value) => write(value, framed);

/** How often a level of the projector remembers a name that is nobody's variant. */
const MAX_NAMES = 1024;

const lower = (name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** One level of the wanted fields. */
class Level {
  constructor({ whole, fields }) {
    /** The field itself is read, with all that is in it. */
    this.whole = whole;
    this.fields = new Map();
    /** The same names without case, and a bit for each length that one has. */
    this.lower = new Set();
    this.lengths = 0;
    /** Names that were seen and are neither wanted nor variants. */
    this.others = new Set();
    for (const name of Object.keys(fields)) {
      const child = new Level(fields[name]);
      child.key = `${framed(name)}:`;
      this.fields.set(name, child);
      this.lower.add(lower(name));
      this.lengths |= 1 << (name.length & 31);
    }
  }

  /** Whether a name that is not wanted differs from one that is only in case: the engine refuses it. */
  isVariant(name) {
    if (((this.lengths >>> (name.length & 31)) & 1) === 0 || this.others.has(name)) return false;
    if (this.lower.has(lower(name))) return true;
    if (this.others.size < MAX_NAMES) this.others.add(name);
    return false;
  }
}

/** What of a context the policies read, in the addon's form. `wanted` is what the addon says they read. */
function projector(wanted) {
  const root = new Level(wanted);
  return (context) => {
    left = MAX_VALUES;
    return root.whole ? (any(context, framed, 0) ?? 'null') : below(root, context, 0);
  };
}

/** The wanted fields of `value`, which is at `level`. */
function below(level, value, depth) {
  if (typeof value !== 'object' || value === null || isArray(value)) {
    // No fields, so the engine finds out what that means for those that are wanted. What is inside does not matter.
    if (isArray(value)) return '[]';
    if (typeof value === 'string') return framed('');
    return any(value, framed, depth) ?? 'null';
  }
  const prototype = getPrototypeOf(value);
  if (prototype !== plain && prototype !== null) {
    const other = special(value);
    if (other !== value && (!isObject(other) || isArray(other))) return below(level, other, depth);
    value = other;
  }
  let text = '{';
  let first = true;
  for (const name in value) {
    const child = level.fields.get(name);
    if (child === undefined) {
      if (!level.isVariant(name) || !hasOwn.call(value, name)) continue;
      text += `${first ? '' : ','}${framed(name)}:null`;
      first = false;
      continue;
    }
    if (!hasOwn.call(value, name)) continue;
    const field = value[name];
    const written = child.whole ? any(field, framed, depth + 1) : below(child, field, depth + 1);
    if (written === undefined) continue;
    text += first ? child.key + written : `,${child.key}${written}`;
    first = false;
  }
  return text + '}';
}

module.exports = { Unwritable, frames, json, projector };
