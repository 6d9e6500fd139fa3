'use strict';

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

/** What was decided. It does not change, and decisions that say the same may be the same object. */
class Decision {
  #canonical;

  constructor(canonical) {
    const said = freeze(JSON.parse(canonical));
    this.#canonical = canonical;
    this.effect = said.effect;
    this.allowed = said.allowed === true && said.effect === 'allow';
    this.stage = said.stage;
    this.reason = said.reason;
    this.code = said.code;
    this.publicMessage = said.public_message;
    this.policy = said.policy;
    this.rule = said.rule;
    this.matched = said.matched;
    this.obligations = said.obligations;
    this.redactions = said.redactions;
    this.warnings = said.warnings;
    this.suppressed = said.suppressed;
    this.errors = said.errors;
    this.errorCount = said.error_count ?? said.errors.length;
    this.route = said.route;
    this.retryAfterMs = said.retry_after_ms;
    this.approval = said.approval;
    this.shadow = said.shadow;
    this.bundle = said.bundle;
    Object.freeze(this);
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

  /** A decision as such is always true in JavaScript; comparing it with something must not look like an answer. */
  [Symbol.toPrimitive](hint) {
    if (hint === 'string') return this.#canonical;
    throw new TypeError('a Decision is neither true nor false: ask for `decision.allowed`');
  }
}

/** The error that the last call of the addon left. */
function lastFailure() {
  const text = native.takeFailure();
  if (text === null) return new InternalError('internal error: a call failed without saying why');
  const said = JSON.parse(text);
  return failure(said, said.decision === undefined ? undefined : new Decision(said.decision));
}

/** What a call of the addon gave, or the error that it left. */
function checked(result) {
  if (result === null || result === undefined) throw lastFailure();
  return result;
}

module.exports = { Decision, checked, lastFailure };
