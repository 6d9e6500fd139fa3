'use strict';

const native = require('./native.js');
const { Decision, checked, lastFailure } = require('./decision.js');
const { InvalidArgumentError, InvalidInputError, StaleInputError } = require('./errors.js');
const { Exchange } = require('./exchange.js');
const { instant, isBytes, jsonBytes, shown, sources, stable, stageNumber } = require('./inputs.js');
const { Unwritable, projector } = require('./write.js');

/** What the addon gives instead of the number of a decision: bindings/node/src/outcome.rs. */
const MADE = -1;
const STALE = -2;

/** As many decisions are remembered. */
const MAX_SHARED = 1024;
/** So often is an evaluation begun again because another thread replaced the policies under way. */
const MAX_TRIES = 100;

let preparedOf;

/** A context that was read once for many evaluations, for one engine and its policies of then. */
class PreparedContext {
  #prepared;

  constructor(prepared) {
    this.#prepared = prepared;
  }

  static {
    /** What the addon prepared; undefined for what is no prepared context. */
    preparedOf = (context) => (#prepared in context ? context.#prepared : undefined);
  }
}

class Engine {
  #handle;
  #project;
  #shared = new Map();
  #number;

  /** An engine of policies: a path, a document as text, object or bytes, or a list of documents. */
  constructor(policies, options = {}) {
    if (policies instanceof Attachment) {
      this.#handle = checked(native.attach(policies.number));
      return;
    }
    const { handles = [], allowWithoutPolicy = false } = options;
    if (!Array.isArray(handles) || !handles.every((action) => typeof action === 'string')) {
      throw new InvalidArgumentError('`handles` is a list of actions, such as [\'route\']');
    }
    const { path, origins, texts } = sources(policies);
    this.#handle = checked(
      path === undefined
        ? native.load(origins, texts, handles, Boolean(allowWithoutPolicy))
        : native.open(path, handles, Boolean(allowWithoutPolicy)),
    );
  }

  /** Checks policies, and says all that is wrong with them. */
  static validate(policies) {
    const { path, origins, texts } = sources(policies);
    return JSON.parse(checked(path === undefined ? native.validateDocuments(origins, texts) : native.validatePath(path)));
  }

  /** The engine that another thread of this process shares under a number: see `share`. */
  static attach(number) {
    return new Engine(new Attachment(String(number)));
  }

  /** The digest of the policies: SHA-256, in hexadecimal. */
  get bundle() {
    return checked(native.bundle(this.#handle));
  }

  /** Decides about a context: an object, JSON text, or bytes of JSON. */
  evaluate(context, options) {
    const stage = options?.stage === undefined ? 0 : stageNumber(options.stage);
    const now = options?.now === undefined ? NaN : instant(options.now);
    return this.#evaluate(context, stage, now);
  }

  #evaluate(context, stage, now) {
    if (typeof context === 'string') return this.#decision(native.evaluateText(this.#handle, context, stage, now));
    if (isBytes(context)) return this.#decision(native.evaluateBytes(this.#handle, stable(context), stage, now));
    if (typeof context !== 'object' || context === null) {
      throw new InvalidArgumentError(`the context is ${shown(context)}; give an object, JSON text, or bytes of JSON`);
    }
    const prepared = preparedOf(context);
    if (prepared) return this.#decision(native.evaluatePrepared(this.#handle, prepared, stage, now));
    try {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const code = native.evaluateFrames(this.#handle, this.#projected(context, tries > 0), stage, now);
        if (code !== STALE) return this.#decision(code);
      }
    } catch (error) {
      throw error instanceof Unwritable ? this.#refused(error, stage) : error;
    }
    throw new StaleInputError('the policies are replaced again and again while this is evaluated');
  }

  /** What of a context the policies read. */
  #projected(context, again) {
    if (again || !this.#project) this.#project = projector(JSON.parse(checked(native.wanted(this.#handle))));
    return this.#project(context);
  }

  /** The decision that a code stands for. */
  #decision(code) {
    const shared = this.#shared.get(code);
    if (shared) return shared;
    if (code < MADE) throw lastFailure();
    const decision = new Decision(checked(native.takeText(this.#handle, code)));
    if (code !== MADE) {
      if (this.#shared.size >= MAX_SHARED) this.#shared.clear();
      this.#shared.set(code, decision);
    }
    return decision;
  }

  /** The error for a context that could not be written. */
  #refused(unwritable, stage) {
    native.refuse(this.#handle, unwritable.message, stage);
    return lastFailure();
  }

  /** Bytes of JSON, for calls that are about the whole of a value. */
  #bytes(value, name, stage) {
    try {
      return jsonBytes(value, name);
    } catch (error) {
      throw error instanceof Unwritable ? this.#refused(error, stage) : error;
    }
  }

  /** Reads a context once for many evaluations with this engine; after a reload it is stale. */
  prepare(context) {
    if (typeof context === 'string') return new PreparedContext(checked(native.prepareText(this.#handle, context)));
    if (isBytes(context)) return new PreparedContext(checked(native.prepareBytes(this.#handle, stable(context))));
    if (typeof context !== 'object' || context === null) {
      throw new InvalidArgumentError(`the context is ${shown(context)}; give an object, JSON text, or bytes of JSON`);
    }
    try {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const prepared = native.prepareFrames(this.#handle, this.#projected(context, tries > 0));
        if (prepared !== null && prepared !== undefined) return new PreparedContext(prepared);
        if (native.hasFailed()) throw lastFailure();
      }
    } catch (error) {
      throw error instanceof Unwritable ? this.#refused(error, 0) : error;
    }
    throw new StaleInputError('the policies are replaced again and again while this is prepared');
  }

  /** Decides about each context. One that is refused is a deny in its place, and fails no other. */
  evaluateBatch(contexts, options) {
    const stage = options?.stage === undefined ? 0 : stageNumber(options.stage);
    const now = options?.now === undefined ? NaN : instant(options.now);
    return Array.from(contexts, (context) => {
      try {
        return this.#evaluate(context, stage, now);
      } catch (error) {
        if (error instanceof InvalidInputError && error.decision) return error.decision;
        throw error;
      }
    });
  }

  /** Decides about a provider's own body. `host` is what the host says beside it: who asks above all. */
  evaluateBody(format, body, host = {}, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    const bytes = [this.#bytes(body, 'the body', stage), this.#bytes(host, 'what the host says', stage)];
    return this.#decision(native.evaluateBody(this.#handle, formatName(format), ...bytes, stage, now));
  }

  /** Decides, and says of each rule and each clause why it did or did not match. */
  explain(context, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    return JSON.parse(checked(native.explain(this.#handle, this.#bytes(context, 'the context', stage), stage, now)));
  }

  /** As `explain`, about a provider's own body. */
  explainBody(format, body, host = {}, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    const bytes = [this.#bytes(body, 'the body', stage), this.#bytes(host, 'what the host says', stage)];
    return JSON.parse(checked(native.explainBody(this.#handle, formatName(format), ...bytes, stage, now)));
  }

  /** Begins an exchange: the stages of one turn, for the caller that `host` names. */
  exchange(host = {}) {
    return new Exchange(checked(native.exchange(this.#handle, this.#bytes(host, 'what the host says', 0))));
  }

  /** Goes on with an exchange that `Exchange.save` wrote. */
  resume(state) {
    return new Exchange(checked(native.resume(this.#handle, this.#bytes(state, 'the state', 0))));
  }

  /** Replaces the policies in one step, for all threads that share this engine; gives the warnings. */
  reload(policies) {
    const { path, origins, texts } = sources(policies);
    const warnings =
      path === undefined ? native.reloadDocuments(this.#handle, origins, texts) : native.reloadPath(this.#handle, path);
    return JSON.parse(checked(warnings));
  }

  /** A number under which other threads of this process can attach to this engine, until it is closed. */
  share() {
    this.#number ??= checked(native.share(this.#handle));
    return this.#number;
  }

  /** Closes the engine; what is called afterwards throws a `ClosedError`. */
  close() {
    if (this.#number !== undefined) native.unshare(this.#number);
    this.#number = undefined;
    native.close(this.#handle);
    this.#shared.clear();
  }
}

/** The number of a shared engine, for the constructor. */
class Attachment {
  constructor(number) {
    this.number = number;
  }
}

function formatName(format) {
  if (typeof format === 'string' && format.isWellFormed()) return format;
  throw new InvalidArgumentError(`the format is ${shown(format)}; give a name, such as openai-chat`);
}

// Node 20 has it; older type definitions and bundlers' polyfills may not.
if (Symbol.dispose) Object.defineProperty(Engine.prototype, Symbol.dispose, { value: Engine.prototype.close });

module.exports = { Engine, PreparedContext };
