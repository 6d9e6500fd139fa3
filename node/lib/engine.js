'use strict';

const native = require('./native.js');
const { Decision, checked, failed, lastFailure } = require('./decision.js');
const { InvalidArgumentError, InvalidInputError, StaleInputError } = require('./errors.js');
const { Exchange } = require('./exchange.js');
const { formatName, holdText, instant, isBytes, jsonBytes, objectArgument, outcomeBytes, shown, sources, stable, stageNumber, textArgument, usedBytes } = require('./inputs.js');
const { auditKey, count, drained, metrics } = require('./watch.js');
const { Unwritable, projector } = require('./write.js');

/** What the addon gives instead of the number of a decision: bindings/node/src/outcome.rs. */
const MADE = -1;
const STALE = -2;

/** As many decisions are remembered. */
const MAX_SHARED = 1024;
/** So often is an evaluation begun again because another thread replaced the policies under way. */
const MAX_TRIES = 100;
/** Contexts of a batch are written into one text until it is as long. */
const MAX_UNITS = 1 << 20;

let preparedOf;

/** A context that was read once for many evaluations, for one engine and its policies of then. */
class PreparedContext {
  #prepared;

  constructor(prepared) {
    this.#prepared = prepared;
  }

  /** It has no form in JSON; without this it would be `{}`. */
  toJSON() {
    throw new InvalidArgumentError('a context that is prepared is for `evaluate` and `evaluateBatch` alone; give an object, JSON text, or bytes of JSON');
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
    const { handles = [], allowWithoutPolicy = false, store } = options;
    if (!Array.isArray(handles) || !handles.every((action) => typeof action === 'string')) {
      throw new InvalidArgumentError('`handles` is a list of actions, such as [\'route\']');
    }
    if (store !== undefined) textArgument(store, '`store`');
    const { path, origins, texts } = sources(policies);
    this.#handle = checked(
      path === undefined
        ? native.load(origins, texts, handles, Boolean(allowWithoutPolicy), store)
        : native.open(path, handles, Boolean(allowWithoutPolicy), store),
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
    const prepared = preparedOf(objectArgument(context, 'the context'));
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
    return this.#keep(code, new Decision(checked(native.takeText(this.#handle, code))));
  }

  #keep(code, decision) {
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
    objectArgument(context, 'the context');
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
    if (typeof contexts !== 'object' || typeof contexts?.[Symbol.iterator] !== 'function') {
      throw new InvalidArgumentError(`the contexts are ${shown(contexts)}; give a list of them`);
    }
    const all = Array.from(contexts);
    const decisions = [];
    // One that was prepared has no form that many could be written in.
    const alone = all.some((context) => typeof context === 'object' && context !== null && preparedOf(context));
    if (alone) return all.map((context) => this.#inPlace(() => this.#evaluate(context, stage, now)));
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (tries > 0) this.#project = undefined;
      while (this.#evaluateSome(all, decisions, stage, now)) {
        if (decisions.length === all.length) return decisions;
      }
    }
    throw new StaleInputError('the policies are replaced again and again while this is evaluated');
  }

  /** The decision that `evaluate` makes, or that stands for a context that is refused. */
  #inPlace(evaluate) {
    try {
      return evaluate();
    } catch (error) {
      if (error instanceof InvalidInputError && error.decision) return error.decision;
      throw error;
    }
  }

  /** Decides about further contexts of a batch, as many as go into one call; false when the policies were replaced under way. */
  #evaluateSome(all, decisions, stage, now) {
    const { written, bytes, refused, count } = this.#writeSome(all, decisions.length, stage);
    const { codes, texts } = checked(native.evaluateBatch(this.#handle, written, bytes, stage, now));
    let at = 0;
    for (let number = 0; number < count; number++) {
      if (refused.has(number)) {
        decisions.push(refused.get(number));
        continue;
      }
      if (at === codes.length) return false;
      const [code, text] = [codes[at], texts[at] ?? undefined];
      const context = all[decisions.length];
      at += 1;
      decisions.push(this.#inPlace(() => this.#decisionOf(code, text) ?? this.#evaluate(context, stage, now)));
    }
    return true;
  }

  /** Contexts from `first` on as one text (bindings/node/src/batch.rs), and the decisions for those that cannot be written. */
  #writeSome(all, first, stage) {
    const parts = [];
    const bytes = [];
    const refused = new Map();
    let units = 0;
    let count = 0;
    for (; first + count < all.length && units < MAX_UNITS; count++) {
      const context = all[first + count];
      if (isBytes(context)) {
        parts.push(`b${bytes.length}:`);
        bytes.push(stable(context));
        continue;
      }
      let text = context;
      if (typeof context !== 'string') {
        try {
          text = this.#projected(objectArgument(context, 'the context'), false);
        } catch (error) {
          if (!(error instanceof Unwritable)) throw error;
          refused.set(count, this.#refused(error, stage).decision);
          continue;
        }
      }
      parts.push(`${typeof context === 'string' ? 't' : 'o'}${text.length}:`, text);
      units += text.length;
    }
    return { written: parts.join(''), bytes, refused, count };
  }

  /** The decision that a code of a batch stands for, whose text came with it if it is new; undefined when nobody has that any more. */
  #decisionOf(code, text) {
    const shared = this.#shared.get(code);
    if (shared) return shared;
    if (code < MADE) throw failed(text);
    const said = text ?? native.takeText(this.#handle, code);
    return said === null || said === undefined ? undefined : this.#keep(code, new Decision(said));
  }

  /** Decides about a provider's own body. `host` is what the host says beside it: who asks above all. */
  evaluateBody(format, body, host = {}, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    const bytes = [this.#bytes(body, 'the body', stage), this.#bytes(host, 'what the host says', stage)];
    return this.#decision(native.evaluateBody(this.#handle, formatName(format), ...bytes, stage, now));
  }

  /** Decides as `evaluate` does, and takes nothing from limits. */
  dryRun(context, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    return this.#decision(native.dryRun(this.#handle, this.#bytes(context, 'the context', stage), stage, now));
  }

  /** As `dryRun`, about a provider's own body. */
  dryRunBody(format, body, host = {}, options = {}) {
    const [stage, now] = [stageNumber(options.stage ?? 'request'), instant(options.now)];
    const bytes = [this.#bytes(body, 'the body', stage), this.#bytes(host, 'what the host says', stage)];
    return this.#decision(native.dryRunBody(this.#handle, formatName(format), ...bytes, stage, now));
  }

  /** Closes what limits hold for a request, with what it really used. */
  settle(hold, used = {}) {
    return checked(native.settle(this.#handle, holdText(hold), usedBytes(used)));
  }

  /** Gives back what limits hold for a request that was not sent. */
  release(hold) {
    return checked(native.release(this.#handle, holdText(hold)));
  }

  /** Lets what limits hold live on for another lease, ten minutes. */
  extend(hold) {
    return checked(native.extend(this.#handle, holdText(hold)));
  }

  /** Reports what became of a call that was allowed, to the circuit breakers that let it through. */
  observe(hold, outcome, { latencyMs } = {}) {
    checked(native.observe(this.#handle, holdText(hold), outcomeBytes(outcome, latencyMs)));
  }

  /** Switches a circuit breaker off. */
  switchOff(breaker, { key = [], reason, until } = {}) {
    const words = [textArgument(breaker, 'the breaker'), keyOf(key), textArgument(reason, '`reason`')];
    checked(native.switchOff(this.#handle, ...words, instant(until, '`until`')));
  }

  /** Takes that back. */
  switchOn(breaker, { key = [] } = {}) {
    checked(native.switchOn(this.#handle, textArgument(breaker, 'the breaker'), keyOf(key)));
  }

  /** The switches that are set. */
  switches() {
    return JSON.parse(checked(native.switches(this.#handle))).map(switchOf);
  }

  /** What the engine has done since it was made. */
  metrics() {
    return metrics(JSON.parse(checked(native.metrics(this.#handle))));
  }

  /** From now on a record is kept for each evaluation, until `auditDrain` takes it. */
  auditStart({ capacity = 8192, key = new Uint8Array() } = {}) {
    checked(native.auditStart(this.#handle, count(capacity, 'capacity'), auditKey(key)));
  }

  /** No more records are kept, and those that wait are dropped. */
  auditStop() {
    checked(native.auditStop(this.#handle));
  }

  /** Takes out the oldest audit records, at most `most`. */
  auditDrain(most = 1000) {
    return drained(JSON.parse(checked(native.auditDrain(this.#handle, count(most, 'most')))));
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

/** The values of a breaker's key. */
function keyOf(key) {
  if (Array.isArray(key)) return key.map((part) => textArgument(part, 'a part of the key'));
  throw new InvalidArgumentError(`the key is ${shown(key)}; give a list of texts`);
}

/** A switch, as JavaScript has it. */
const switchOf = ({ until, ...set }) => ({ ...set, until: until === undefined ? undefined : new Date(until) });

// Node 20 has it; older type definitions and bundlers' polyfills may not.
if (Symbol.dispose) Object.defineProperty(Engine.prototype, Symbol.dispose, { value: Engine.prototype.close });

module.exports = { Engine, PreparedContext };
