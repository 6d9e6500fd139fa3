'use strict';

const native = require('./native.js');
const { Decision, checked } = require('./decision.js');
const { isBytes, shown, stable } = require('./inputs.js');
const { InvalidArgumentError } = require('./errors.js');

/** The event behind which clients of OpenAI's formats read no more. */
const DONE = 'data: [DONE]';

/** One answer that streams. */
class AnswerStream {
  #stream;
  /** The first half of a surrogate pair, until its other half comes. */
  #half = '';

  constructor(stream) {
    this.#stream = stream;
  }

  /** How the policies judge it: `streamable`, `at_end` or `buffer`. */
  get judged() {
    return native.streamClass(this.#stream);
  }

  /** The next part of the answer; gives what is safe to send on now, and whether the answer is stopped. */
  push(part) {
    if (typeof part !== 'string') return checked(native.streamPush(this.#stream, this.#bytes(part)));
    const text = this.#half + part;
    const end = text.length - (isFirstHalf(text.charCodeAt(text.length - 1)) ? 1 : 0);
    const whole = text.slice(0, end);
    if (!whole.isWellFormed()) throw new InvalidArgumentError('a part of an answer has half of a surrogate pair');
    const passed = checked(native.streamPush(this.#stream, Buffer.from(whole, 'utf8')));
    this.#half = text.slice(end);
    return passed;
  }

  /** The end of the answer: what was held back, and the decision. */
  finish() {
    if (this.#half !== '') {
      this.abort();
      throw new InvalidArgumentError('the answer ends with half of a surrogate pair');
    }
    const { bytes, decision } = checked(native.streamFinish(this.#stream));
    return { bytes, decision: new Decision(decision) };
  }

  /** Ends the stream because nobody reads on. */
  abort() {
    checked(native.streamAbort(this.#stream));
  }

  #bytes(part) {
    if (!isBytes(part)) throw new InvalidArgumentError(`a part of an answer is ${shown(part)}; give text or bytes`);
    if (this.#half !== '') throw new InvalidArgumentError('bytes follow half of a surrogate pair in an answer');
    return stable(part);
  }

  /** What of an answer is safe to show, in parts of the type that goes in: text or bytes. */
  async *through(parts) {
    const held = [];
    let isText = false;
    const like = (bytes) => (isText ? bytes.toString('utf8') : bytes);
    let rest;
    try {
      for await (const part of parts) {
        isText = typeof part === 'string';
        const { bytes, stopped } = this.push(part);
        // Whoever reads the last event reads no further: the decision comes first.
        if (held.length > 0 || bytes.includes(DONE)) held.push(bytes);
        else if (bytes.length > 0) yield like(bytes);
        if (stopped) break;
      }
      const end = this.finish();
      end.decision.throwUnlessAllowed();
      rest = Buffer.concat([...held, end.bytes]);
    } finally {
      // After the end it changes nothing.
      this.abort();
    }
    if (rest.length > 0) yield like(rest);
  }

  /** The same as a pair of web streams, for `pipeThrough`; what goes in and comes out is text or bytes. */
  transform() {
    const incoming = new TransformStream();
    return { writable: incoming.writable, readable: ReadableStream.from(this.through(incoming.readable)) };
  }
}

const isFirstHalf = (unit) => unit >= 0xd800 && unit < 0xdc00;

module.exports = { AnswerStream };
