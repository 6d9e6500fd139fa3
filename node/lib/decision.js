'use strict';

const { inspect } = require('node:util');

const native = require('./native.js');
const { InternalError, failure, refusal } = require('./errors.js');

/** Freezes a value with all that is in it. */
function freeze(value) {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

/** How a canonical form begins that allows: its keys are sorted. */
const ALLOWED = '{"allowed":true,';
const NONE = Object.freeze([]);

/** What limits say of a decision. */
function limited(text) {
  if (text === '') return { limits: NONE, hold: undefined };
  const { limits, hold } = JSON.parse(text);
  return { limits: freeze(limits.map(limitState)), hold: hold ?? undefined };
}

/** How a limit stands, as JavaScript has it. */
function limitState({ resets_at: resetsAt, retry_after_ms: retryAfterMs, shadow = false, ...state }) {
  return {
    ...state,
    fraction: state.amount > 0 ? state.used / state.amount : state.used > 0 ? Infinity : 0,
    resetsAt: resetsAt === undefined ? undefined : new Date(resetsAt),
    retryAfterMs,
    shadow,
  };
}

/** What was decided. It does not change, and decisions that say the same may be the same object. */
class Decision {
  #canonical;
  /** What limits say of it, as JSON; empty when none applies. */
  #limited;
  /** What the canonical form says, once somebody asks. */
  #said;
  #limits;

  /** `text` is the canonical form, and where limits apply a further line: bindings/node/src/outcome.rs. */
  constructor(text) {
    const end = text.indexOf('\n');
    this.#canonical = end < 0 ? text : text.slice(0, end);
    this.#limited = end < 0 ? '' : text.slice(end + 1);
    Object.freeze(this);
  }

  #readLimits() {
    this.#limits ??= limited(this.#limited);
    return this.#limits;
  }

  #read() {
    this.#said ??= freeze(JSON.parse(this.#canonical));
    return this.#said;
  }

  get allowed() {
    return this.#canonical.startsWith(ALLOWED);
  }
  get effect() {
    return this.allowed ? 'allow' : this.#read().effect;
  }
  get stage() {
    return this.#read().stage;
  }
  get reason() {
    return this.#read().reason;
  }
  get code() {
    return this.#read().code;
  }
  get publicMessage() {
    return this.#read().public_message;
  }
  get policy() {
    return this.#read().policy;
  }
  get rule() {
    return this.#read().rule;
  }
  get limit() {
    return this.#read().limit;
  }
  get breaker() {
    return this.#read().breaker;
  }
  get limits() {
    return this.#readLimits().limits;
  }
  get hold() {
    return this.#readLimits().hold;
  }
  get matched() {
    return this.#read().matched;
  }
  get obligations() {
    return this.#read().obligations;
  }
  get redactions() {
    return this.#read().redactions;
  }
  get warnings() {
    return this.#read().warnings;
  }
  get suppressed() {
    return this.#read().suppressed;
  }
  get errors() {
    return this.#read().errors;
  }
  get errorCount() {
    return this.#read().error_count ?? this.errors.length;
  }
  get findings() {
    return this.#read().findings ?? NONE;
  }
  get findingCount() {
    return this.#read().finding_count ?? this.findings.length;
  }
  get route() {
    return this.#read().route;
  }
  get retryAfterMs() {
    return this.#read().retry_after_ms;
  }
  get approval() {
    return this.#read().approval;
  }
  get shadow() {
    return this.#read().shadow;
  }
  get bundle() {
    return this.#read().bundle;
  }

  /** The whole decision in canonical form (RFC 8785): the same bytes in every language. */
  get canonical() {
    return this.#canonical;
  }

  /** Throws the error of the effect, unless it is `allow`. */
  throwUnlessAllowed() {
    if (!this.allowed) throw refusal(this);
    return this;
  }

  toJSON() {
    return JSON.parse(this.#canonical);
  }

  toString() {
    return this.#canonical;
  }

  [inspect.custom](depth, options) {
    return `Decision ${inspect(this.toJSON(), options)}`;
  }

  /** A decision as such is always true in JavaScript; comparing it with something must not look like an answer. */
  [Symbol.toPrimitive](hint) {
    if (hint === 'string') return this.#canonical;
    throw new TypeError('a Decision is neither true nor false: ask for `decision.allowed`');
  }
}

/** The error that the addon says, as JSON. */
function failed(text) {
  if (text === null || text === undefined) return new InternalError('internal error: a call failed without saying why');
  const said = JSON.parse(text);
  return failure(said, said.decision === undefined ? undefined : new Decision(said.decision));
}

/** The error that the last call of the addon left. */
const lastFailure = () => failed(native.takeFailure());

/** What a call of the addon gave, or the error that it left. */
function checked(result) {
  if (result === null || result === undefined) throw lastFailure();
  return result;
}

module.exports = { Decision, checked, failed, lastFailure };
