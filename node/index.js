'use strict';

const native = require('./lib/native.js');
const { Decision, lastFailure } = require('./lib/decision.js');
const { Engine, PreparedContext } = require('./lib/engine.js');
const { Exchange } = require('./lib/exchange.js');
const { AnswerStream } = require('./lib/stream.js');
const { Detector } = require('./lib/detector.js');
const errors = require('./lib/errors.js');

/** Panics inside the addon on purpose, and throws the error that becomes of it: proof that a bug of ours stops no process. */
function selfTestPanic() {
  native.selfTestPanic();
  throw lastFailure();
}

exports.Engine = Engine;
exports.Exchange = Exchange;
exports.PreparedContext = PreparedContext;
exports.Decision = Decision;
exports.AnswerStream = AnswerStream;
exports.Detector = Detector;
exports.selfTestPanic = selfTestPanic;
exports.version = native.version();
exports.PolicyEngineError = errors.PolicyEngineError;
exports.InternalError = errors.InternalError;
exports.InvalidPolicyError = errors.InvalidPolicyError;
exports.InvalidInputError = errors.InvalidInputError;
exports.UnreadableFileError = errors.UnreadableFileError;
exports.NoDocumentsError = errors.NoDocumentsError;
exports.StaleInputError = errors.StaleInputError;
exports.InvalidArgumentError = errors.InvalidArgumentError;
exports.ClosedError = errors.ClosedError;
exports.LimitsUnavailableError = errors.LimitsUnavailableError;
exports.RefusedError = errors.RefusedError;
exports.DeniedError = errors.DeniedError;
exports.ThrottledError = errors.ThrottledError;
exports.ApprovalRequiredError = errors.ApprovalRequiredError;
