'use strict';

const native = require('./native.js');
const { Decision, checked, lastFailure } = require('./decision.js');
const { asItCame, formatName, instant, jsonBytes, outcomeBytes, stageNumber, textArgument, usedBytes } = require('./inputs.js');
const { AnswerStream } = require('./stream.js');
const { Unwritable } = require('./write.js');

/** The stages of one turn, decided about by the policies that were there when it began, for one caller. */
class Exchange {
  #exchange;

  constructor(exchange) {
    this.#exchange = exchange;
  }

  /** The digest of the policies that decide. */
  get bundle() {
    return checked(native.exchangeBundle(this.#exchange));
  }

  /** Decides about what is new in a stage, such as `{response: {text: '...'}}`. */
  evaluate(body, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    return new Decision(checked(native.exchangeEvaluate(this.#exchange, this.#bytes(body, stage), stage, now)));
  }

  /** As `evaluate`, about a provider's own body. */
  evaluateBody(format, body, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    const bytes = this.#bytes(body, stage);
    return new Decision(checked(native.exchangeEvaluateBody(this.#exchange, formatName(format), bytes, stage, now)));
  }

  /** What limits hold for the request that was allowed last, for `Engine.settle`; undefined when nothing is held. */
  get hold() {
    return checked(native.exchangeHold(this.#exchange)) || undefined;
  }

  /** Closes what limits hold for the request: with what it really used, or with what the answer says that was decided about. */
  settle(used) {
    return checked(native.exchangeSettle(this.#exchange, used === undefined ? used : usedBytes(used)));
  }

  /** Closes what limits hold for the request, with what a provider's answer says; nothing is decided about it. */
  settleBody(format, answer) {
    return checked(native.exchangeSettleBody(this.#exchange, formatName(format), this.#bytes(answer, 1)));
  }

  /** Reports what became of the call that was allowed last, to the breakers that let it through. */
  observe(outcome, { latencyMs } = {}) {
    checked(native.exchangeObserve(this.#exchange, outcomeBytes(outcome, latencyMs)));
  }

  /** Takes out of a body what the last decision says, and gives it back in the form in which it came. */
  redact(body, { format } = {}) {
    const name = format === undefined ? '' : formatName(format);
    return asItCame(body, checked(native.exchangeRedact(this.#exchange, name, this.#bytes(body, 0))));
  }

  /** Puts values back into a text of the model's, where it wrote their placeholders. */
  restore(text) {
    return checked(native.exchangeRestore(this.#exchange, Buffer.from(textArgument(text, 'what is restored'), 'utf8')));
  }

  /** Begins the answer of this turn as a stream: of a provider's events in a format, or of plain text. */
  stream({ format, now } = {}) {
    const name = format === undefined ? '' : formatName(format);
    return new AnswerStream(checked(native.stream(this.#exchange, name, instant(now))));
  }

  /** Gives back what limits hold for a request that was not sent. */
  release() {
    return checked(native.exchangeRelease(this.#exchange));
  }

  #bytes(body, stage) {
    try {
      return jsonBytes(body, 'the body');
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error;
      native.exchangeRefuse(this.#exchange, error.message, stage);
      throw lastFailure();
    }
  }

  /** The exchange as text, for `Engine.resume`, here or in another process. It holds the bodies and who asks. */
  save() {
    return checked(native.exchangeSave(this.#exchange));
  }
}

module.exports = { Exchange };
