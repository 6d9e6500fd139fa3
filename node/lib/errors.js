'use strict';

/** What all errors of this package are. */
class PolicyEngineError extends Error {
  constructor(message, details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code ?? this.constructor.code;
    this.help = details.help;
    this.offset = details.offset;
    this.findings = details.findings ?? [];
    this.decision = details.decision;
  }
}

/** Makes the name of a class what `error.name` says, without an own property of each error. */
function named(Class, name, code) {
  Object.defineProperty(Class, 'name', { value: name });
  Object.defineProperty(Class.prototype, 'name', { value: name, configurable: true, writable: true });
  Class.code = code;
  return Class;
}

const CLASSES = new Map();

/** A class for the failures with a code. */
function define(name, code) {
  const Class = named(class extends PolicyEngineError {}, name, code);
  CLASSES.set(code, Class);
  return Class;
}

named(PolicyEngineError, 'PolicyEngineError', 'internal_error');
const InternalError = define('InternalError', 'internal_error');
const InvalidPolicyError = define('InvalidPolicyError', 'invalid_policy');
const InvalidInputError = define('InvalidInputError', 'invalid_input');
const UnreadableFileError = define('UnreadableFileError', 'unreadable_file');
const NoDocumentsError = define('NoDocumentsError', 'no_documents');
const StaleInputError = define('StaleInputError', 'stale_input');
const InvalidArgumentError = define('InvalidArgumentError', 'invalid_argument');
const ClosedError = define('ClosedError', 'invalid_handle');
const LimitsUnavailableError = define('LimitsUnavailableError', 'limits_unavailable');

/** The request does not pass: thrown by `Decision.throwUnlessAllowed` and by the guards. */
class RefusedError extends PolicyEngineError {
  constructor(decision) {
    super(decision.reason, { code: decision.code ?? decision.effect, decision });
  }
}
named(RefusedError, 'RefusedError', 'deny');
const DeniedError = named(class extends RefusedError {}, 'DeniedError', 'deny');
const ThrottledError = named(class extends RefusedError {}, 'ThrottledError', 'throttle');
const ApprovalRequiredError = named(class extends RefusedError {}, 'ApprovalRequiredError', 'require_approval');

/** The error of a decision that is no allow. */
function refusal(decision) {
  if (decision.effect === 'throttle') return new ThrottledError(decision);
  if (decision.effect === 'require_approval') return new ApprovalRequiredError(decision);
  return new DeniedError(decision);
}

/** The error for what the addon says went wrong. */
function failure(said, decision) {
  const Class = CLASSES.get(said.code) ?? InternalError;
  return new Class(said.text, { ...said, decision });
}

module.exports = {
  PolicyEngineError,
  InternalError,
  InvalidPolicyError,
  InvalidInputError,
  UnreadableFileError,
  NoDocumentsError,
  StaleInputError,
  InvalidArgumentError,
  ClosedError,
  LimitsUnavailableError,
  RefusedError,
  DeniedError,
  ThrottledError,
  ApprovalRequiredError,
  failure,
  refusal,
};
