'use strict';

// An answer of server-sent events on its way through a guard.

const { Transform, pipeline } = require('node:stream');

const { PolicyEngineError } = require('./errors.js');

const NOTHING = Buffer.alloc(0);

/** The formats whose events can be judged as they come. */
const STREAMED = new Set(['openai-chat', 'openai-responses', 'anthropic']);

/** Whether an answer with these headers is one of events that can be read. */
function isEvents(status, type, encoding) {
  const kind = String(type ?? '').split(';')[0].trim().toLowerCase();
  return status < 400 && kind === 'text/event-stream' && (encoding ?? 'identity') === 'identity';
}

class Events {
  #stream;
  #judged;
  #told;

  /** `judged` is false when all of it goes out, and is only counted; `told` is given the decision. */
  constructor(stream, judged, told) {
    this.#stream = stream;
    this.#judged = judged;
    this.#told = told;
    this.ended = false;
  }

  /** What of a part may go out now. What a client sees of a refusal is the end of the events, as their format says it. */
  push(part, isLast = false) {
    if (this.ended) return NOTHING;
    const shown = [];
    try {
      const passed = this.#stream.push(part);
      shown.push(passed.bytes);
      this.ended = this.#judged ? passed.stopped || isLast : isLast;
      if (this.ended) {
        const end = this.#stream.finish();
        shown.push(end.bytes);
        if (this.#judged) this.#told(end.decision);
      }
    } catch (error) {
      if (!(error instanceof PolicyEngineError)) throw error;
      if (this.#judged) {
        this.ended = true;
        if (error.decision !== undefined) this.#told(error.decision);
      }
    }
    return this.#judged ? Buffer.concat(shown) : part;
  }

  /** Ends it for one who reads no further. After the end it changes nothing. */
  close() {
    this.#stream.abort();
  }

  /** What may go out of a readable stream, of Node's or the web's. */
  through(source) {
    const events = this;
    const out = new Transform({
      decodeStrings: false,
      transform(part, encoding, done) {
        const shown = events.push(typeof part === 'string' ? textOrBytes(part, encoding) : part);
        if (shown.length > 0) this.push(shown);
        if (events.ended) this.push(null);
        done();
      },
      flush(done) {
        const shown = events.push(NOTHING, true);
        done(null, shown.length > 0 ? shown : undefined);
      },
    });
    // Nobody needs the rest of an answer that was stopped.
    out.once('end', () => out.destroy());
    return pipeline(source, out, () => events.close());
  }
}

/** A part of text; text of another encoding as bytes. */
function textOrBytes(part, encoding) {
  return encoding === undefined || /^utf-?8$/i.test(encoding) ? part : Buffer.from(part, encoding);
}

module.exports = { Events, NOTHING, STREAMED, isEvents, textOrBytes };
