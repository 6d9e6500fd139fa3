'use strict';

const native = require('./native.js');
const { Decision, checked, lastFailure } = require('./decision.js');
const { InvalidArgumentError } = require('./errors.js');
const { instant, jsonBytes, shown, stageNumber } = require('./inputs.js');
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
    if (typeof format !== 'string' || !format.isWellFormed()) {
      throw new InvalidArgumentError(`the format is ${shown(format)}; give a name, such as openai-chat`);
    }
    const bytes = this.#bytes(body, stage);
    return new Decision(checked(native.exchangeEvaluateBody(this.#exchange, format, bytes, stage, now)));
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
