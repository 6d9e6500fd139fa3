'use strict';

// One turn, as the guards for Express, Fastify and OpenAI see it: a provider's request, and the answer to it.

const {
  DeniedError,
  InvalidArgumentError,
  InvalidInputError,
  LimitsUnavailableError,
  PolicyEngineError,
  RefusedError,
  ThrottledError,
} = require('./errors.js');
const { Events, STREAMED, isEvents } = require('./events.js');

/** Actions without which a request may not go on. Those that only record something may be left undone. */
const MANDATORY = new Set(['set', 'custom']);

class Turn {
  #format;
  #carryOut;
  #onDecision;
  #judged;
  #events;

  /** A turn of the caller that `host` names. */
  constructor({ engine, format, answers, carryOut, onDecision }, host) {
    this.exchange = engine.exchange(host);
    this.decision = undefined;
    this.#format = format;
    this.#carryOut = carryOut;
    this.#onDecision = onDecision;
    this.#judged = answers;
  }

  /** Judges the request, and gives the one to send: changed, if the policies say so. */
  async request(body) {
    this.decision = this.#judge(body, 'request');
    try {
      return await this.#changed(body, this.decision);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Judges the answer, and gives the one to hand on. It was made and costs what it says, whether it may be handed on or not. */
  async response(body) {
    let decision;
    try {
      decision = this.#judge(body, 'response');
    } finally {
      this.settle();
    }
    return this.#changed(body, decision);
  }

  /** The answer as events that go out as they come; undefined when one of this status and these headers cannot be read so. */
  events(status, type, encoding) {
    if (!isEvents(status, type, encoding) || !STREAMED.has(this.#format)) return undefined;
    try {
      const stream = this.exchange.stream({ format: this.#format });
      this.#events = new Events(stream, this.#judged, (decision) => this.#onDecision?.(decision, this.exchange));
    } catch (error) {
      if (!(error instanceof PolicyEngineError)) throw error;
    }
    return this.#events;
  }

  /** The end of the answer, when it went out or nobody waits for it any more: events cost what was counted, another what it says. */
  close(answer) {
    this.#events?.close();
    this.settle(answer);
  }

  /**
   * Settles with what the answer says that it used: `body`, or the one that was judged. One that does not say it costs what was
   * estimated. Once is enough: what follows changes nothing.
   */
  settle(body) {
    closed(() => {
      try {
        if (body === undefined || this.exchange.hold === undefined) this.exchange.settle();
        else this.exchange.settleBody(this.#format, body);
      } catch (error) {
        if (!(error instanceof InvalidInputError || error instanceof InvalidArgumentError)) throw error;
        this.exchange.settle();
      }
    });
  }

  /** Gives back what is held for a request that was not sent, or not answered. */
  release() {
    closed(() => this.exchange.release());
  }

  #judge(body, stage) {
    const decision = this.exchange.evaluateBody(this.#format, body, { stage });
    this.#onDecision?.(decision, this.exchange);
    return decision.throwUnlessAllowed();
  }

  async #changed(body, decision) {
    const { route, redactions, obligations } = decision;
    let changed = body;
    if (route?.model !== undefined) changed = { ...parsed(body), model: route.model };
    const left = [...redactions, ...obligations.filter(({ action }) => MANDATORY.has(action))];
    if (left.length === 0 && route?.provider === undefined) return changed;
    if (this.#carryOut) return this.#carryOut(decision, parsed(changed), this.exchange);
    const what = left.length > 0 ? left[0].action : 'route';
    throw new InvalidArgumentError(
      `the policies ask for \`${what}\`, the engine was told that this host carries it out, and the guard has no \`carryOut\` for it`,
    );
  }
}

/** Closes what limits hold. What cannot be closed now expires, and is charged as it was estimated. */
function closed(close) {
  try {
    close();
  } catch (error) {
    if (!(error instanceof LimitsUnavailableError)) throw error;
  }
}

/** A body whose fields can be changed. */
function parsed(body) {
  if (typeof body === 'string' || body instanceof Uint8Array) return JSON.parse(Buffer.from(body).toString('utf8'));
  return body;
}

/** What is checked once, when a guard is made. */
function options(given) {
  const { engine, identity, format = 'openai-chat', answers = true, carryOut, onDecision } = given ?? {};
  if (typeof engine?.exchange !== 'function') throw new InvalidArgumentError('a guard needs an `engine`');
  if (typeof identity !== 'function') {
    throw new InvalidArgumentError(
      'a guard needs `identity`, a function that says who asks, such as (request) => ({user: {id: request.auth.userId}})',
    );
  }
  return { engine, identity, format, answers, carryOut, onDecision };
}

/** The answer over HTTP to a request that does not pass; undefined for what is no refusal but a fault. */
function httpAnswer(error) {
  if (error instanceof InvalidInputError) {
    return { status: 400, headers: {}, body: refusalBody('The request cannot be read.', error.code) };
  }
  if (!(error instanceof RefusedError)) return undefined;
  const { decision } = error;
  const headers = {};
  if (error instanceof ThrottledError && decision.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(decision.retryAfterMs / 1000));
  }
  const denied = error instanceof DeniedError;
  const message = decision.publicMessage ?? 'This request is not allowed.';
  const code = decision.code ?? (denied ? 'denied' : decision.effect);
  return { status: error instanceof ThrottledError ? 429 : 403, headers, body: refusalBody(message, code) };
}

const refusalBody = (message, code) => ({ error: { message, type: 'policy', code } });

module.exports = { Turn, httpAnswer, options, refusalBody };
